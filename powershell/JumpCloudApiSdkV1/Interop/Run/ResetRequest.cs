using System;
using System.Collections.Generic;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>One user on his way: what is to be sent, or the result that already stands.</summary>
internal sealed class ResetRequest
{
    private byte[] id = [], preview = [];
    private string? shownId;

    internal ResetRequest(string userId) => UserId = userId;

    /// <summary>
    /// For the verbose stream: what there is to note, then method, URL and body; no header, and so no key.
    /// </summary>
    internal IEnumerable<string> Verbose => !IsReady ? [] : Until?.Note is { } note ? [note, Describe()] : [Describe()];

    internal string UserId { get; }

    /// <summary>Makes an id one that may be shown.</summary>
    internal required Func<string, string> Show { private get; init; }

    /// <summary>
    /// The id as it may be shown. The library says it with its verdict; only who never gets one is asked for.
    /// </summary>
    internal string ShownId => shownId ??= Show(UserId);

    /// <summary>Its place among the users that came in, from 1.</summary>
    internal int Number { get; set; }

    /// <summary>The same for messages, where it has no id to look for.</summary>
    internal int? Place { get; set; }

    /// <summary>The batch has taken it, and may have sent it.</summary>
    internal bool IsSent { get; set; }

    /// <summary>The user came through the pipeline, and may come again.</summary>
    internal bool IsPiped { get; set; }

    /// <summary>Nothing stands against sending it; ask ShouldProcess.</summary>
    internal bool IsReady => Result is null;

    internal string Target => $"system user {ShownId}";

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

    internal bool? Exclusion { get; init; }
    internal Moment? Until { get; init; }
    /// <summary>Given by name, and so the same for all users.</summary>
    internal bool UntilIsNamed { get; init; }

    internal uint Flags { get; init; }

    /// <summary>
    /// Why it is not a request that can be sent, and whether all users after this one would have the same fault.
    /// </summary>
    internal Fault? Fault { get; init; }
    internal bool FaultIsEveryones { get; init; }

    internal ResetResult? Result { get; private set; }

    private int NativeExclusion => Exclusion switch { true => 1, false => 0, null => Native.ExclusionUnset };
    private long NativeUntil => Until?.Seconds ?? Native.UntilUnset;

    internal void Settle(ResetResult result)
    {
        if (result.UserId.Length == 0) result.UserId = ShownId;
        if (Place is { } place) result.Message += $" It was number {place} of those that came in.";
        result.Exclusion = Exclusion;
        result.ExclusionUntil = Until is { } until && Moment.ToOffset(until.Seconds) is not null
            ? Moment.Iso(until.Seconds) : null;
        Result = result;
    }

    internal void SettleNotTried(string? stoppedBy) => Settle(new ResetResult
    {
        Outcome = "cancelled",
        Code = "NotTried",
        Message = $"{Fault.WasNotReset(ShownId)}: it was not tried, because all would fail in the same way"
            + $"{(stoppedBy is null ? "" : $" ({stoppedBy})")}.",
    });

    internal void SettleDuplicate() => Settle(new ResetResult
    {
        Outcome = "cancelled",
        Code = "DuplicateUser",
        Message = $"User '{ShownId}' came again and was not sent a second time.",
    });

    /// <summary>
    /// Lets the library judge it, so that a request that cannot be sent is an error before anyone is asked.
    /// </summary>
    internal void Preview(ClientHandle client)
    {
        if (Utf8.Bytes(UserId) is not { } bytes)
        {
            Settle(new Fault("Id.Invalid", "the user's id has a NUL character or half a surrogate pair in it")
                .ToResult(ShownId, name => name));
            return;
        }
        id = bytes;
        var buffer = new Native.Buffer();
        var status = Native.jc_client_preview_reset(client, id, NativeExclusion, NativeUntil, Flags, ref buffer);
        var document = buffer.Take();
        if (status == Native.Ok)
        {
            preview = document;
            using var json = JsonDocument.Parse(document);
            shownId = json.RootElement.GetProperty("userId").GetString();
            return;
        }
        var invalid = ResetResult.FromJson(document);
        if (invalid.UserId.Length > 0) shownId = invalid.UserId;
        Settle(invalid);
    }

    private string Describe()
    {
        using var json = JsonDocument.Parse(preview);
        var root = json.RootElement;
        return $"{root.GetProperty("method").GetString()} {root.GetProperty("url").GetString()} "
            + $"{root.GetProperty("body")}";
    }

    internal int Push(BatchHandle batch) =>
        Native.jc_batch_push(batch, id, NativeExclusion, NativeUntil, Flags, tag: 0);
}
