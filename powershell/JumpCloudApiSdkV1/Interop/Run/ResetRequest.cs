using System;
using System.Collections.Generic;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>One user on his way: what is to be sent, or the result that already stands.</summary>
internal sealed class ResetRequest
{
    private readonly GivenUser user;
    private byte[]? bytes;
    private byte[] preview = [];
    private string? shown;

    internal ResetRequest(GivenUser user) => (this.user, bytes) = (user, user.Bytes());

    /// <summary>
    /// For the verbose stream: what there is to note, then method, URL and body; no header, and so no key.
    /// </summary>
    internal IEnumerable<string> Verbose => Until?.Note is { } note ? [note, Describe()] : [Describe()];

    /// <summary>Makes an id or a name one that may be shown.</summary>
    internal required Func<string, string> Show;

    /// <summary>
    /// The id or name as it may be shown. The library says it with its verdict; only who never gets one is asked for.
    /// </summary>
    internal string Shown => shown ??= Show(user.Given);

    internal bool IsNobody => string.IsNullOrWhiteSpace(user.Given);

    /// <summary>Its place among the users that came in, from 1.</summary>
    internal int Number;

    /// <summary>The same for messages, where it has no id to look for.</summary>
    internal int? Place;

    /// <summary>The batch has taken it.</summary>
    internal bool IsPushed { get; private set; }

    /// <summary>The batch may have sent it.</summary>
    internal bool IsSent => IsPushed && IsReady;

    /// <summary>The user came through the pipeline, and may come again.</summary>
    internal bool IsPiped;

    /// <summary>Nothing stands against sending it; ask ShouldProcess.</summary>
    internal bool IsReady { get; private set; }

    internal string Target => user.IsByName ? $"system user '{Shown}'" : $"system user {Shown}";

    internal string Action
    {
        get
        {
            var exclusion = Exclusion switch
            {
                true => ", exclude the user from MFA",
                false => ", do not exclude the user from MFA",
                null => "",
            };
            if (Until is not { } until) return $"Reset TOTP MFA{exclusion}";
            var passed = until.Seconds <= DateTimeOffset.UtcNow.ToUnixTimeSeconds()
                ? ", which has passed and locks the user out at once" : "";
            return $"Reset TOTP MFA{exclusion}"
                + $"{(Exclusion == true ? " until" : ", exclusionUntil")} {Moment.Iso(until.Seconds)}{passed}";
        }
    }

    internal bool? Exclusion;
    internal Moment? Until;

    /// <summary>Given by name, and so the same for all users.</summary>
    internal bool UntilIsNamed;

    internal uint Flags;

    /// <summary>
    /// Why it is not a request that can be sent, and whether all users after this one would have the same fault.
    /// </summary>
    internal Fault? Fault;
    internal bool FaultIsEveryones;

    /// <summary>Every user after this one would have this result as well.</summary>
    internal bool IsEveryones(ResetResult result) => Fault is not null
        ? FaultIsEveryones && result.Code == Fault.Code
        : UntilIsNamed && result.Code?.StartsWith("ExclusionUntil.", StringComparison.Ordinal) == true;

    internal ResetResult? Result { get; private set; }

    private int NativeExclusion => Exclusion switch { true => 1, false => 0, null => Native.ExclusionUnset };
    private long NativeUntil => Until?.Seconds ?? Native.UntilUnset;

    internal void Settle(ResetResult result)
    {
        if (user.IsByName) (result.Name, result.Email) = (result.Name ?? Shown, user.EmailBeside);
        else if (result.UserId.Length == 0) result.UserId = Shown;
        if (Place is { } place) result.Message += $" It was number {place} of those that came in.";
        if (result.Code == "User.NotFound" && !user.IsByName)
            result.Hint = user.Column is { } column
                ? $"The id came from the record's {column}. {result.Hint}"
                : $"{result.Hint} A username or an e-mail address is given with -Username.";
        if (result.Code == "Id.Invalid" && !user.IsByName && user.Given.Contains('@'))
            result.Hint = user.Column is { } addresses
                ? $"A column of e-mail addresses has to be called Email, not {addresses}; nothing was sent."
                : "An e-mail address is given with -Username; nothing was sent.";
        result.Exclusion = Exclusion;
        result.ExclusionUntil = Until is { } until && Moment.ToOffset(until.Seconds) is not null
            ? Moment.Iso(until.Seconds) : null;
        Result = result;
    }

    /// <summary>
    /// Lets the library judge it before anyone is asked. The result that a push would have, where it would send nobody.
    /// </summary>
    internal ResetResult? Preview(Batch batch)
    {
        if (bytes is null)
            Fault ??= new Fault(user.IsByName ? "Name.Invalid" : "Id.Invalid",
                $"the user's {(user.IsByName ? "name" : "id")} has a NUL character or half a surrogate pair in it");
        Flags |= user.Flags;
        if (Fault is not null) (bytes, Flags) = (user.Bytes(Fault), Native.HostFault);
        IsReady = batch.Preview(bytes!, NativeExclusion, NativeUntil, Flags, out var document);
        if (!IsReady)
        {
            var result = ResetResult.FromJson(document);
            shown ??= result.Name ?? (result.UserId.Length > 0 ? result.UserId : null);
            return result;
        }
        preview = document;
        using var json = JsonDocument.Parse(document);
        shown = json.RootElement.GetProperty(user.IsByName ? "name" : "userId").GetString();
        return null;
    }

    /// <summary>False where a result has to be taken first.</summary>
    internal bool Push(Batch batch) =>
        IsPushed = batch.Push(bytes!, NativeExclusion, NativeUntil, Flags, isSent: IsReady);

    private string Describe()
    {
        using var json = JsonDocument.Parse(preview);
        var root = json.RootElement;
        return root.TryGetProperty("lookup", out var search)
            ? $"{Describe(search)}, then a reset of the user who is found: {root.GetProperty("body")}"
            : Describe(root);
    }

    private static string Describe(JsonElement request) =>
        $"{request.GetProperty("method").GetString()} {request.GetProperty("url").GetString()} "
        + $"{request.GetProperty("body")}";
}
