using System;
using System.Text.Json;

namespace JumpCloudApiSdkV1.Models;

/// <summary>What became of one user. Flat and of plain types, so that it goes to CSV and JSON as it is.</summary>
public sealed class ResetResult
{
    /// <summary>Empty where a user who was given by name was not found.</summary>
    public string UserId { get; internal set; } = "";

    /// <summary>The username or the e-mail address, where the user was given by name.</summary>
    public string? Name { get; internal set; }

    /// <summary>reset, refused, unknown, cancelled or invalid.</summary>
    public string Outcome { get; internal set; } = "";

    /// <summary>The HTTP status of the last answer.</summary>
    public int? StatusCode { get; internal set; }

    public string? Code { get; internal set; }
    public string? Message { get; internal set; }

    /// <summary>What was asked for; null where the request left it out.</summary>
    public bool? Exclusion { get; internal set; }

    /// <summary>
    /// What was asked for, in UTC: ISO 8601 text, because a date would go to CSV in the session's culture and calendar.
    /// </summary>
    public string? ExclusionUntil { get; internal set; }

    public int Attempts { get; internal set; }

    /// <summary>Seconds, retries included.</summary>
    public double Duration { get; internal set; }

    internal string? Hint;

    /// <summary>The e-mail address that was given beside a username.</summary>
    internal string? Email;

    /// <summary>Every other user would fail in the same way, and the batch sends nothing more.</summary>
    internal bool StopsBatch;

    /// <summary>
    /// From when on the server takes requests again, where it has asked for a longer wait than any user has time for.
    /// </summary>
    internal DateTime? GoOnAfter;

    internal bool IsReset => Outcome == "reset";

    /// <summary>An earlier run has reset the user, and this one did nothing.</summary>
    internal bool WasDoneBefore => Code == "Journal.AlreadyReset";

    internal ResetResult Copy() => (ResetResult)MemberwiseClone();

    internal static ResetResult FromJson(byte[] document)
    {
        using var json = JsonDocument.Parse(document);
        var root = json.RootElement;
        var stopsBatch = root.TryGetProperty("stopsBatch", out _);
        // With another code the wait is not what stops the batch.
        var asksToWait = stopsBatch && Text(root, "code") is ("RateLimit.Exceeded" or "Service.Unavailable");
        return new ResetResult
        {
            UserId = Text(root, "userId") ?? "",
            Name = Text(root, "name"),
            Outcome = Text(root, "outcome") ?? "unknown",
            StatusCode = root.TryGetProperty("httpStatus", out var status) ? status.GetInt32() : null,
            Code = Text(root, "code"),
            Message = Text(root, "message"),
            Hint = Text(root, "code") switch
            {
                // As this command's user does it.
                "ExclusionUntil.Past" =>
                    "Give a date in the future, or add -Force to send it all the same; nothing was sent.",
                "ExclusionUntil.TooFar" =>
                    "Give a date before the year 2400, or add -Force to send it all the same; nothing was sent.",
                "Key.Missing" => "Set $env:JCApiKey to an administrator's API key, or give -ApiKey; nothing was sent.",
                "Organization.Required" => "Set $env:JCOrgId to the organization's id, or give -OrgId: "
                    + "this key belongs to an administrator of several.",
                "Journal.Unfinished" => "Look the user up; where the reset was not done, give just this user with "
                    + "-Resume and -RetryUnknown. This request was not sent.",
                "Journal.NotWritten" =>
                    "Check the disk, its free space and that the journal is still there, then run the same command "
                    + "with -Resume; nothing was sent.",
                _ => Text(root, "hint"),
            },
            StopsBatch = stopsBatch,
            GoOnAfter = asksToWait && root.TryGetProperty("retryAfterSeconds", out var wait)
                ? DateTime.UtcNow.AddSeconds(wait.GetDouble() + 1).ToLocalTime() : null,
            Attempts = root.TryGetProperty("attempts", out var attempts) ? attempts.GetInt32() : 0,
            Duration = root.TryGetProperty("elapsedMs", out var elapsed) ? elapsed.GetDouble() / 1000 : 0,
        };
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
