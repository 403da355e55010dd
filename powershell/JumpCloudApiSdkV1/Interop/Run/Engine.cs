using System;
using System.Management.Automation;
using System.Reflection;
using System.Threading;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What only some versions of PowerShell have, and none offers to a script's function.</summary>
internal static class Engine
{
    /// <summary>PowerShell 7.6 has it; the references for 7.4 have not.</summary>
    internal static CancellationToken StopToken(PSCmdlet cmdlet) =>
        cmdlet.GetType().GetProperty("PipelineStopToken", BindingFlags.Public | BindingFlags.Instance)
            ?.GetValue(cmdlet) is CancellationToken token
            ? token : CancellationToken.None;

    /// <summary>
    /// A steppable pipeline that is disposed without its end, as by an older proxy function, runs no clean block; only
    /// this event of the engine's own says so. Where it is missing, the handles are freed when they are collected.
    /// </summary>
    internal static void WhenDisposed(PSCmdlet cmdlet, Action action) =>
        cmdlet.GetType().GetEvent("DisposingEvent", BindingFlags.NonPublic | BindingFlags.Instance)
            ?.GetAddMethod(nonPublic: true)
            ?.Invoke(cmdlet, [new EventHandler((_, _) => action())]);
}
