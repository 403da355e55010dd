using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Finds the native library beside this assembly, and says in one sentence what is wrong when it cannot be used.
/// </summary>
internal static class NativeLoader
{
    private const uint AbiVersion = 1;

    private static readonly object Gate = new();
    private static IntPtr library;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint AbiVersionFunction();

    // Asked once for each imported function; a failure is not kept, so that a mended installation works in the same
    // session.
    internal static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        lock (Gate)
        {
            if (library == IntPtr.Zero) library = Load(Path.GetDirectoryName(assembly.Location) ?? "");
            return library;
        }
    }

    private static IntPtr Load(string folder)
    {
        var rid = RuntimeIdentifier();
        var path = Path.Combine(folder, "runtimes", rid, "native", FileName());
        // Opened to see whether it is there: File.Exists also says no where a folder may not be entered.
        try { File.OpenRead(path).Dispose(); }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LibraryException("Library.Missing",
                $"The module has no native library for {rid}: '{path}' does not exist.",
                "Install the module again, or build it on this system with build.ps1.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw Unusable(path, e.Message); }

        if (OperatingSystem.IsLinux() && ElfFile.Fault(path) is { } damage) throw Unusable(path, damage);
        IntPtr handle;
        try { handle = NativeLibrary.Load(path); }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw Unusable(path, LoadersWords(e.Message));
        }
        var found = NativeLibrary.TryGetExport(handle, "jc_abi_version", out var export)
            ? Marshal.GetDelegateForFunctionPointer<AbiVersionFunction>(export)()
            : 0;
        if (found == AbiVersion) return handle;
        NativeLibrary.Free(handle);
        throw Unusable(path, $"its ABI version is {found}, and this module needs {AbiVersion}");
    }

    private static LibraryException Unusable(string path, string why) =>
        new("Library.Unusable", $"The native library '{path}' cannot be used: {why.TrimEnd('.')}.",
            "Install the module again, where this user may read it and programs may be run from it, "
                + "or build it on this system with build.ps1.");

    // They follow a first line of .NET's, which only says how to find out more.
    private static string LoadersWords(string message)
    {
        var lines = message.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return string.Join("; ", lines.Length > 1 ? lines[1..] : lines);
    }

    private static string RuntimeIdentifier()
    {
        var system = OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl"
            : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static string FileName() =>
        OperatingSystem.IsWindows() ? "jcsdk.dll"
        : OperatingSystem.IsMacOS() ? "libjcsdk.dylib"
        : "libjcsdk.so";
}
