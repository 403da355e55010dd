using System;
using System.IO;
using System.Linq;
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
        if (!File.Exists(path)) throw Missing(rid, path, Path.Combine(folder, "runtimes"));

        var fault = LibraryFile.Fault(path, SystemName(), RuntimeInformation.ProcessArchitecture);
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

    private static LibraryException Missing(string rid, string path, string runtimes)
    {
        var there = Directory.Exists(runtimes)
            ? Directory.GetFiles(runtimes, "*jcsdk.*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(runtimes, file).Split(Path.DirectorySeparatorChar)[0])
                .Order(StringComparer.Ordinal).ToArray()
            : [];
        var has = there.Length == 0 ? "and none for another system" : $"only for {string.Join(", ", there)}";
        return new LibraryException("Library.Missing", $"The module has no native library for {rid}, {has}: '{path}' does not exist.",
            RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64
                ? $"Install the module again, or build the library from its sources with 'cargo xtask natives --target {rid}' and put it there."
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

/// <summary>The installation is broken: nothing can be sent at all.</summary>
public sealed class LibraryException : Exception
{
    internal LibraryException(string code, string message, string hint) : base(message) => (Code, Hint) = (code, hint);

    public string Code { get; }
    public string Hint { get; }
}
