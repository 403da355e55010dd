using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>A moment as whole seconds since 1970 (UTC), from the forms that a person or a script writes it in.</summary>
internal static class Moment
{
    // The extended form only: 20300102 could as well be a number.
    private static readonly Regex Iso8601 = new(
        @"\A(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(?:[.,]\d+)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ECMAScript);

    /// <summary>A time without a zone is the host's local time; <paramref name="note"/> tells of one that comes twice.</summary>
    internal static bool TryRead(object value, out long seconds, out string? note, out string? fault)
    {
        (seconds, note, fault) = (0, null, null);
        switch (value)
        {
            case DateTime { Kind: DateTimeKind.Utc } time:
                seconds = Seconds(time.Ticks);
                return true;
            case DateTime time:
                return TryReadLocal(time, out seconds, out note, out fault);
            case DateTimeOffset time:
                seconds = Seconds(time.Ticks - time.Offset.Ticks);
                return true;
            case string text:
                return TryReadText(text, out seconds, out note, out fault);
            default:
                fault = $"a {value.GetType().Name} is not a date; give a DateTime, a DateTimeOffset or ISO 8601 text such as 2030-01-02T03:04:05Z";
                return false;
        }
    }

    private static bool TryReadText(string text, out long seconds, out string? note, out string? fault)
    {
        (seconds, note, fault) = (0, null, null);
        var match = Iso8601.Match(text);
        var clock = match.Groups[2].Success ? match.Groups[2].Value + (match.Groups[3].Success ? match.Groups[3].Value : ":00") : "00:00:00";
        if (!match.Success
            || !DateTime.TryParseExact($"{match.Groups[1].Value}T{clock}", "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || !TryReadOffset(match, out var offset))
        {
            fault = $"'{Fault.Quote(text)}' is not an ISO 8601 date such as 2030-01-02 or 2030-01-02T03:04:05Z";
            return false;
        }
        if (offset is null) return TryReadLocal(time, out seconds, out note, out fault);
        seconds = Seconds(time.Ticks - offset.Value.Ticks);
        return true;
    }

    private static bool TryReadOffset(Match match, out TimeSpan? offset)
    {
        offset = match.Groups[4].Success ? TimeSpan.Zero : null;
        if (!match.Groups[5].Success) return true;
        var hours = int.Parse(match.Groups[6].Value, CultureInfo.InvariantCulture);
        var minutes = match.Groups[7].Success ? int.Parse(match.Groups[7].Value, CultureInfo.InvariantCulture) : 0;
        offset = new TimeSpan(hours, minutes, 0) * (match.Groups[5].Value == "-" ? -1 : 1);
        return hours < 24 && minutes < 60;
    }

    private static bool TryReadLocal(DateTime time, out long seconds, out string? note, out string? fault)
    {
        (seconds, note, fault) = (0, null, null);
        var zone = TimeZoneInfo.Local;
        if (zone.IsInvalidTime(time))
        {
            fault = $"the local time {time:yyyy-MM-dd HH:mm:ss} does not exist in {zone.Id}: the clocks are put forward over it; add the zone, as in 2030-01-02T03:04:05Z";
            return false;
        }
        // An ambiguous Local time knows which of the two it is; an Unspecified one is read as standard time.
        var ambiguous = time.Kind == DateTimeKind.Unspecified && zone.IsAmbiguousTime(time);
        var offset = time.Kind == DateTimeKind.Local ? time - time.ToUniversalTime() : zone.GetUtcOffset(time);
        seconds = Seconds(time.Ticks - offset.Ticks);
        if (ambiguous)
            note = $"The local time {time:yyyy-MM-dd HH:mm:ss} comes twice in {zone.Id}; it is read as standard time, {Iso(seconds)}.";
        return true;
    }

    internal static string Iso(long seconds) =>
        ToOffset(seconds) is { } moment ? moment.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : $"{seconds} s";

    internal static DateTimeOffset? ToOffset(long seconds) =>
        seconds >= -62135596800 && seconds <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static long Seconds(long utcTicks) =>
        (long)Math.Floor((decimal)(utcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond);
}
