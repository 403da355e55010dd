using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>Finds the native library beside this assembly, and says in one sentence what is wrong when it cannot be used.</summary>
internal static class NativeLoader
{
    private const uint AbiVersion = 1;

    private static readonly object Gate = new();
    private static IntPtr library;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate uint AbiVersionFunction();

    // Asked once for each imported function; a failure is not kept, so that a mended installation works in the same session.
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
        if (!File.Exists(path))
            throw new LibraryException("Library.Missing",
                $"The module has no native library for {rid}: '{path}' does not exist.",
                "Install the module again, or build it on this system with build.ps1.");

        var fault = OperatingSystem.IsLinux() ? ElfFile.Fault(path) : null;
        if (fault is null && NativeLibrary.TryLoad(path, out var handle))
        {
            var found = NativeLibrary.TryGetExport(handle, "jc_abi_version", out var export)
                ? Marshal.GetDelegateForFunctionPointer<AbiVersionFunction>(export)()
                : 0;
            if (found == AbiVersion) return handle;
            NativeLibrary.Free(handle);
            fault = $"its ABI version is {found}, and this module needs {AbiVersion}";
        }
        fault ??= "it is for another processor, damaged, or needs a library that is missing";
        throw new LibraryException("Library.Unusable", $"The native library '{path}' cannot be used: {fault}.",
            "Install the module again, or build it on this system with build.ps1.");
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

/// <summary>The installation is broken: nothing can be sent at all.</summary>
public sealed class LibraryException : Exception
{
    internal LibraryException(string code, string message, string hint) : base(message) => (Code, Hint) = (code, hint);

    public string Code { get; }
    public string Hint { get; }
}
