using System;
using System.Collections.Generic;
using System.Management.Automation;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Makes a request of what the binder bound. A piped object is offered to -InputObject and to -Body at once,
/// so the parameter set and what was given by name decide what it may be.
/// </summary>
internal sealed class InputReader
{
    private readonly Func<string, string> show;
    private readonly bool bodyIsNamed, inputIsNamed;
    private readonly bool? exclusion;
    private readonly Moment? until;
    private readonly long start = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    private readonly uint flags;

    // Made in begin: what is bound then was given by name. Later the binder leaves stale names of piped objects in it.
    internal InputReader(IDictionary<string, object> bound, Func<string, string> show)
    {
        this.show = show;
        bodyIsNamed = bound.ContainsKey("Body");
        inputIsNamed = bound.ContainsKey("InputObject");
        if (bound.TryGetValue("Exclusion", out var given)) exclusion = ((SwitchParameter)given).IsPresent;
        if (bound.IsGiven("Force")) flags = Native.AllowPast;
        if (bound.TryGetValue("ExclusionUntil", out var time)) until = Moment.Read(time);
        if (bound.TryGetValue("ExclusionDays", out var days))
            until = Record.After(start, (int)days);
    }

    /// <summary>Users come through the pipeline, and the same one may come twice.</summary>
    internal bool UsersArePiped(string parameterSet) =>
        parameterSet.StartsWith("ResetViaIdentity", StringComparison.Ordinal) && !inputIsNamed;

    internal ResetRequest Read(string parameterSet, string id, string username, IJumpCloudApIsIdentity? input,
        IBodyParameterSystemUserMfaResetRequestBody? body)
    {
        var user = input is null ? null : Record.Read(input);
        var fields = body is null ? null : Record.Read(body);
        var bothPiped = parameterSet == "ResetViaIdentity" && !bodyIsNamed && !inputIsNamed;
        if (bothPiped) fields = null;

        var wrongBody = fields?.AsBody;
        var wrongUser = user?.AsIdentity;
        // A parameter counts before the body, and that before what a user's record carries; field by field.
        return new ResetRequest(user?.User ?? new GivenUser(id, username))
        {
            Show = show,
            Exclusion = exclusion ?? fields?.Exclusion ?? user?.Exclusion,
            Until = until ?? fields?.Until(start) ?? user?.Until(start),
            UntilIsNamed = until is not null || (fields?.Until(start) is null ? inputIsNamed : bodyIsNamed),
            Flags = flags,
            Fault = wrongBody ?? wrongUser,
            FaultIsEveryones = wrongBody is not null ? bodyIsNamed : wrongUser is not null && inputIsNamed,
        };
    }
}
