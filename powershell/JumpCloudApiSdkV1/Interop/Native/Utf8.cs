using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>Text on its way into the native library: UTF-8 with a NUL at the end.</summary>
internal static class Utf8
{
    private static readonly UTF8Encoding Strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Null where the text cannot cross: a NUL would cut an id to another user's, and half a surrogate pair has no
    /// UTF-8.
    /// </summary>
    internal static byte[]? Bytes(ReadOnlySpan<char> text) => Bytes(text, isSecret: false);

    /// <summary>
    /// As <see cref="Bytes(ReadOnlySpan{char})"/>, where no copy may stay behind; the caller zeroes it.
    /// </summary>
    internal static byte[]? SecretBytes(ReadOnlySpan<char> text) => Bytes(text, isSecret: true);

    /// <summary>So much of a text as a person can read, without control characters.</summary>
    internal static string Short(string text)
    {
        const int longest = 1024;
        if (text.Length > longest)
            text = text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)] + "…";
        return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\ufffd' : c)) : text;
    }

    private static byte[]? Bytes(ReadOnlySpan<char> text, bool isSecret)
    {
        if (text.Contains('\0')) return null;
        try
        {
            // Pinned, because the collector leaves a copy behind when it moves something.
            var bytes = GC.AllocateArray<byte>(Strict.GetByteCount(text) + 1, pinned: isSecret);
            Strict.GetBytes(text, bytes);
            return bytes;
        }
        catch (EncoderFallbackException) { return null; }
    }

    internal static byte[]? SecretBytes(SecureString secret)
    {
        var plain = GC.AllocateArray<char>(secret.Length, pinned: true);
        var native = Marshal.SecureStringToGlobalAllocUnicode(secret);
        try
        {
            Marshal.Copy(native, plain, 0, plain.Length);
            return SecretBytes(plain);
        }
        finally
        {
            Marshal.ZeroFreeGlobalAllocUnicode(native);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes<char>(plain));
        }
    }
}
