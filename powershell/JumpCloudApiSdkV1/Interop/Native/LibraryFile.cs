using System;
using System.IO;
using System.Runtime.InteropServices;
using static System.Buffers.Binary.BinaryPrimitives;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Looks at a shared library before the system's loader does: that may map a cut file and die of it, and for another
/// processor's it only says that there is no such file.
/// </summary>
internal static class LibraryFile
{
    // The tables that are read stand well inside of it.
    private const int HeadLength = 1 << 16;

    private const string Damaged = "it is damaged", Cut = "it is damaged: a part of it is missing";

    /// <summary>
    /// What is wrong with it; null where nothing is seen. The system is named as .NET names it: win, linux, osx.
    /// </summary>
    internal static string? Fault(string path, string system, Architecture processor)
    {
        using var file = File.OpenRead(path);
        var head = new byte[Math.Min(file.Length, HeadLength)];
        file.ReadExactly(head);
        try
        {
            var (madeFor, built, end) = Read(head);
            if (madeFor is null) return $"{Damaged}, or not a library";
            if (madeFor != system) return $"it is for {Name(madeFor)}, and this is {Name(system)}";
            if (built != processor) return $"it is for another processor, and this process is {processor}";
            return end > (ulong)file.Length ? Cut : null;
        }
        // A table that is not there.
        catch (Exception error) when (error is ArgumentOutOfRangeException or OverflowException) { return Cut; }
    }

    /// <summary>For which system and processor it is made, and how long it has to be.</summary>
    private static (string? System, Architecture? Built, ulong End) Read(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\u007fELF"u8)) return Elf(head);
        if (head.StartsWith("MZ"u8)) return Pe(head);
        return head.StartsWith((ReadOnlySpan<byte>)[0xCF, 0xFA, 0xED, 0xFE]) ? MachO(head) : default;
    }

    private static (string?, Architecture?, ulong) Elf(ReadOnlySpan<byte> head)
    {
        Architecture? built = ReadUInt16LittleEndian(head[18..]) switch
        {
            62 => Architecture.X64,
            183 => Architecture.Arm64,
            _ => null,
        };
        if (head[4] != 2 || head[5] != 1) built = null; // 32 bits, or the other byte order
        // The section table stands at the very end of what the linkers write.
        var table = ReadUInt64LittleEndian(head[40..]);
        var entry = ReadUInt16LittleEndian(head[58..]);
        var count = ReadUInt16LittleEndian(head[60..]);
        return ("linux", built, checked(table + (ulong)entry * count));
    }

    private static (string?, Architecture?, ulong) Pe(ReadOnlySpan<byte> head)
    {
        var header = head[checked((int)ReadUInt32LittleEndian(head[60..]))..];
        if (!header.StartsWith("PE\0\0"u8)) return default;
        Architecture? built = ReadUInt16LittleEndian(header[4..]) switch
        {
            0x8664 => Architecture.X64,
            0xAA64 => Architecture.Arm64,
            _ => null,
        };
        var sections = header[(24 + ReadUInt16LittleEndian(header[20..]))..];
        ulong end = 0;
        for (var left = ReadUInt16LittleEndian(header[6..]); left > 0; left--, sections = sections[40..])
            end = Math.Max(end, (ulong)ReadUInt32LittleEndian(sections[16..]) + ReadUInt32LittleEndian(sections[20..]));
        return ("win", built, end);
    }

    private static (string?, Architecture?, ulong) MachO(ReadOnlySpan<byte> head)
    {
        Architecture? built = ReadUInt32LittleEndian(head[4..]) switch
        {
            0x0100_0007 => Architecture.X64,
            0x0100_000C => Architecture.Arm64,
            _ => null,
        };
        var command = head[32..];
        ulong end = 0;
        for (var left = ReadUInt32LittleEndian(head[16..]); left > 0; left--)
        {
            const uint Segment64 = 0x19, ShortestCommand = 8;
            if (ReadUInt32LittleEndian(command) == Segment64)
                end = Math.Max(
                    end, checked(ReadUInt64LittleEndian(command[40..]) + ReadUInt64LittleEndian(command[48..])));
            // One of no length would never end.
            var length = Math.Max(ReadUInt32LittleEndian(command[4..]), ShortestCommand);
            command = command[checked((int)length)..];
        }
        return ("osx", built, end);
    }

    private static string Name(string system) => system switch { "win" => "Windows", "osx" => "macOS", _ => "Linux" };
}
