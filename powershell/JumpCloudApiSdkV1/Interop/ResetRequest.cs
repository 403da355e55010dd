using System.Collections.Generic;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>One user on his way: what is to be sent, or the result that already stands.</summary>
public sealed class ResetRequest
{
    internal ResetRequest(string userId) => UserId = userId;

    public string UserId { get; }

    /// <summary>Nothing stands against sending it; ask ShouldProcess.</summary>
    public bool IsReady => Result is null;

    public string Target => $"system user {UserId}";

    public string Action =>
        "Reset TOTP MFA"
        + (Exclusion switch { 1 => ", exclude the user from MFA", 0 => ", do not exclude the user from MFA", _ => "" })
        + (Until == Native.UntilUnset ? "" : Exclusion == 1 ? $" until {Moment.Iso(Until)}" : $", exclusion until {Moment.Iso(Until)}");

    /// <summary>For the verbose stream: what there is to note, then method, URL and body; no header, and so no key.</summary>
    public IEnumerable<string> Verbose => Note is null ? [Describe(preview)] : [Note, Describe(preview)];

    internal int Exclusion { get; set; } = Native.ExclusionUnset;
    internal long Until { get; set; } = Native.UntilUnset;
    /// <summary>Given by name, and so the same for all users.</summary>
    internal bool UntilIsNamed { get; set; }

    internal uint Flags { get; init; }
    internal string? Note { get; set; }
    internal byte[] Id { get; private set; } = System.Array.Empty<byte>();
    internal ResetResult? Result { get; private set; }

    private byte[] preview = System.Array.Empty<byte>();

    internal void Settle(ResetResult result)
    {
        if (result.UserId.Length == 0) result.UserId = UserId;
        result.Exclusion = Exclusion == Native.ExclusionUnset ? null : Exclusion == 1;
        result.ExclusionUntil = Until == Native.UntilUnset ? null : Moment.ToOffset(Until);
        Result = result;
    }

    internal void Refuse(Fault fault) => Settle(fault.ToResult(UserId));

    /// <summary>Lets the library judge it, so that a request that cannot be sent is an error before anyone is asked.</summary>
    internal void Preview(ClientHandle client)
    {
        if (Utf8.Bytes(UserId) is not { } id)
        {
            Refuse(new Fault("Id.Invalid", "the user's id has a NUL character or half a surrogate pair in it"));
            return;
        }
        Id = id;
        var buffer = new Native.Buffer();
        var status = Native.jc_preview_reset(client, Id, Exclusion, Until, Flags, ref buffer);
        var document = buffer.Take();
        if (status == Native.Ok) preview = document;
        else Settle(ResetResult.FromJson(document));
    }

    private static string Describe(byte[] document)
    {
        using var json = JsonDocument.Parse(document);
        var root = json.RootElement;
        return $"{root.GetProperty("method").GetString()} {root.GetProperty("url").GetString()} {root.GetProperty("body")}";
    }
}
