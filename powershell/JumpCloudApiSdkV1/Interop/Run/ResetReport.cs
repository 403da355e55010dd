using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What one result means for the command's streams; null where it says nothing there.</summary>
internal sealed class ResetReport
{
    internal object? Output;
    internal ResetException? Error;
    internal string? Warning, Verbose;
    internal ProgressRecord? Progress;
}
