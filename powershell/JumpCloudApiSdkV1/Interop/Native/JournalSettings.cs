using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What -JournalPath, -Resume and -RetryUnknown say; or what is wrong with them.</summary>
internal sealed record JournalSettings(byte[] Path, uint Flags, Fault? Fault = null)
{
    /// <summary>
    /// The path of the file that an earlier run should have left, where there is none, or nothing in it.
    /// </summary>
    internal string? Missing { get; init; }

    /// <summary>Null where the call has no journal.</summary>
    internal static JournalSettings? Read(PSCmdlet cmdlet, bool isWhatIf)
    {
        var bound = cmdlet.MyInvocation.BoundParameters;
        var (resume, retryUnknown) = (bound.IsGiven("Resume"), bound.IsGiven("RetryUnknown"));
        if (retryUnknown && !resume) return Wrong("-RetryUnknown is given without -Resume");
        if (!bound.TryGetValue("JournalPath", out var path))
            return resume ? Wrong("-Resume is given without -JournalPath") : null;
        if (Resolve(cmdlet, (string)path) is not { } file)
            return Wrong("-JournalPath is not the path of a file: it has to lead to a drive of the file system");
        if (Utf8.Bytes(file) is not { } bytes)
            return Wrong("-JournalPath holds a NUL character or half a surrogate pair");
        return new JournalSettings(bytes, (resume ? Native.JournalResume : 0)
            | (retryUnknown ? Native.JournalRetryUnknown : 0) | (isWhatIf ? Native.JournalReadOnly : 0))
        {
            // A call that ends before anybody is sent leaves an empty one.
            Missing = resume && new System.IO.FileInfo(file) is not { Exists: true, Length: > 0 } ? file : null,
        };
    }

    // In the caller's session state: the module's own does not see the drives of a script or a function.
    private const string ResolvePath = """
        $provider = $drive = $null
        $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($args[0], [ref]$provider, [ref]$drive)
        $provider.Name
        """;

    private static string? Resolve(PSCmdlet cmdlet, string path)
    {
        try
        {
            var caller = cmdlet.SessionState;
            var found = caller.InvokeCommand.InvokeScript(caller, ScriptBlock.Create(ResolvePath), path);
            return found[1].BaseObject is "FileSystem" ? (string)found[0].BaseObject : null;
        }
        // A drive or a provider that is not there, or a path that its provider cannot read.
        catch (Exception e) when (e is RuntimeException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private static JournalSettings Wrong(string what) => new([], 0, new Fault("Argument.Invalid", what));
}
