using System;
using System.Buffers.Binary;
using System.IO;
using System.Runtime.InteropServices;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Looks at a shared library before the loader does: the loader maps a cut file and dies of a bus error,
/// and for another processor's it only says "no such file".
/// </summary>
internal static class ElfFile
{
    internal static string? Fault(string path)
    {
        Span<byte> header = stackalloc byte[64];
        long length;
        using (var file = File.OpenRead(path))
        {
            length = file.Length;
            if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
                return "it is damaged";
        }
        if (!header.StartsWith("\u007fELF\u0002\u0001"u8)) return "it is damaged, or not a 64-bit Linux library";

        var machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        Architecture? built = machine switch { 62 => Architecture.X64, 183 => Architecture.Arm64, _ => null };
        if (built != RuntimeInformation.ProcessArchitecture)
            return $"it is for another processor, and this process is {RuntimeInformation.ProcessArchitecture}";

        // The section table stands at the very end of what the linkers write.
        var table = BinaryPrimitives.ReadUInt64LittleEndian(header[40..]);
        var entry = BinaryPrimitives.ReadUInt16LittleEndian(header[58..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[60..]);
        return table + (ulong)entry * count > (ulong)length ? "it is damaged: a part of it is missing" : null;
    }
}
