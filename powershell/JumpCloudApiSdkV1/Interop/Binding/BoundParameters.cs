using System.Collections.Generic;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

internal static class BoundParameters
{
    /// <summary>Whether a switch is given, and not as false.</summary>
    internal static bool IsGiven(this IDictionary<string, object> bound, string name) =>
        bound.TryGetValue(name, out var value) && ((SwitchParameter)value).IsPresent;
}
