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
    private const long SecondsPerDay = 86_400;

    private readonly bool bodyIsNamed, inputIsNamed;
    private readonly int exclusion = Native.ExclusionUnset;
    private readonly long until = Native.UntilUnset;
    private readonly uint flags;
    private readonly string? note;

    // Made in begin: what is bound then was given by name. Later the binder leaves stale names of piped objects in it.
    internal InputReader(IDictionary<string, object> bound)
    {
        bodyIsNamed = bound.ContainsKey("Body");
        inputIsNamed = bound.ContainsKey("InputObject");
        if (bound.TryGetValue("Exclusion", out var given)) exclusion = ((SwitchParameter)given).IsPresent ? 1 : 0;
        if (bound.TryGetValue("Force", out var force) && ((SwitchParameter)force).IsPresent) flags = Native.AllowPast;
        if (bound.TryGetValue("ExclusionUntil", out var time)) Moment.TryRead(time, out until, out note, out _);
        if (bound.TryGetValue("ExclusionDays", out var days))
            until = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + (int)days * SecondsPerDay;
    }

    /// <summary>Users come through the pipeline, and the same one may come twice.</summary>
    internal bool UsersArePiped(string parameterSet) => parameterSet.StartsWith("ResetViaIdentity", StringComparison.Ordinal) && !inputIsNamed;

    internal ResetRequest Read(string parameterSet, string id, IJumpCloudApIsIdentity? input, IBodyParameterSystemUserMfaResetRequestBody? body, out bool faultIsEveryones)
    {
        var user = input is null ? null : Record.Read(input);
        var fields = body is null ? null : Record.Read(body);
        var bothPiped = parameterSet == "ResetViaIdentity" && !bodyIsNamed && !inputIsNamed;
        if (bothPiped) fields = null;

        // A parameter counts before the body, and that before what a user's record carries; field by field.
        var request = new ResetRequest(user?.Id ?? id) { Flags = flags };
        request.Exclusion = exclusion != Native.ExclusionUnset ? exclusion : Exclusion(fields?.Exclusion ?? user?.Exclusion);
        (request.Until, request.Note, request.UntilIsNamed) =
            until != Native.UntilUnset ? (until, note, true)
            : fields is { Until: not Native.UntilUnset } ? (fields.Until, fields.Note, bodyIsNamed)
            : user is { Until: not Native.UntilUnset } ? (user.Until, user.Note, inputIsNamed)
            : (Native.UntilUnset, null, false);

        faultIsEveryones = false;
        if (fields?.AsBody is { } wrongBody)
        {
            request.Refuse(wrongBody);
            faultIsEveryones = bodyIsNamed;
        }
        else if (user?.AsIdentity is { } wrongUser)
        {
            request.Refuse(wrongUser);
            faultIsEveryones = inputIsNamed;
        }
        return request;
    }

    private static int Exclusion(bool? value) => value switch { true => 1, false => 0, null => Native.ExclusionUnset };
}
