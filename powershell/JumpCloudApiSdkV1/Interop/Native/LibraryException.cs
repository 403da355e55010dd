using System;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>The installation is broken: nothing can be sent at all.</summary>
public sealed class LibraryException : Exception
{
    internal LibraryException(string code, string message, string hint) : base(message) => (Code, Hint) = (code, hint);

    public string Code { get; }
    public string Hint { get; }
}
