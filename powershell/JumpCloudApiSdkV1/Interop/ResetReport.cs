using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What one result means for the command's streams; null where a stream gets nothing.</summary>
public sealed class ResetReport
{
    public string? Verbose { get; internal init; }
    public string? Warning { get; internal init; }
    public ProgressRecord? Progress { get; internal init; }
    public object? Output { get; internal init; }
    public ErrorRecord? Error { get; internal init; }
}
