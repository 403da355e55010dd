using System;
using System.IO;
using System.Linq;
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
            throw Missing(rid, path, Path.Combine(folder, "runtimes"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw Unusable(path, e.Message); }

        if (LibraryFile.Fault(path, SystemName(), RuntimeInformation.ProcessArchitecture) is { } damage)
            throw Unusable(path, damage);
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

    private static LibraryException Missing(string rid, string path, string runtimes)
    {
        var there = Directory.Exists(runtimes)
            ? Directory.GetFiles(runtimes, "*jcsdk.*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(runtimes, file).Split(Path.DirectorySeparatorChar)[0])
                .Order(StringComparer.Ordinal).ToArray()
            : [];
        var has = there.Length == 0 ? "and none for another system" : $"only for {string.Join(", ", there)}";
        return new LibraryException("Library.Missing",
            $"The module has no native library for {rid}, {has}: '{path}' does not exist.",
            RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64
                ? "Install the module again, or build the library from its sources with "
                    + $"'cargo xtask natives --target {rid}' and put it there."
                : "Use a PowerShell of 64 bits: there is a library for x64 and for Arm64 only.");
    }

    private static string RuntimeIdentifier()
    {
        var libc = RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "-musl" : "";
        return $"{SystemName()}{libc}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    private static string SystemName() =>
        OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";

    private static string FileName() =>
        OperatingSystem.IsWindows() ? "jcsdk.dll"
        : OperatingSystem.IsMacOS() ? "libjcsdk.dylib"
        : "libjcsdk.so";
}
