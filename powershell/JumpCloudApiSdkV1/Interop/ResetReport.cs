using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What one result means for the command's streams.</summary>
public sealed class ResetReport
{
    /// <summary>For the pipeline, or null.</summary>
    public object? Output { get; internal init; }

    internal string? Verbose { get; init; }
    internal string? Warning { get; init; }
    internal ProgressRecord? Progress { get; init; }
    internal ErrorRecord? Error { get; init; }

    /// <summary>Writes all but the output. The error comes last, because it may end the command.</summary>
    public void WriteTo(PSCmdlet cmdlet)
    {
        if (Verbose is not null) cmdlet.WriteVerbose(Verbose);
        if (Warning is not null) cmdlet.WriteWarning(Warning);
        if (Progress is not null) cmdlet.WriteProgress(Progress);
        if (Error is not null) cmdlet.WriteError(Error);
    }
}
