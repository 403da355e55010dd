using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Whole seconds since 1970 (UTC), from the forms that a person or a script writes a moment in.
/// A time without a zone is the host's local time; the note tells of one that comes twice, the fault why it is none.
/// </summary>
internal readonly record struct Moment(long Seconds, string? Note = null, string? Fault = null)
{
    // The extended form only: 20300102 could as well be a number.
    private static readonly Regex Iso8601 = new(
        @"\A(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?:(:\d\d)(?:[.,]\d+)?)?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ECMAScript);

    internal static Moment Read(object value) => value switch
    {
        DateTime { Kind: DateTimeKind.Utc } time => OfUtc(time.Ticks),
        DateTime time => OfLocal(time),
        DateTimeOffset time => OfUtc(time.UtcTicks),
        string text => OfText(text),
        _ => Wrong($"{Interop.Fault.Kind(value)} is not taken as a date; "
            + "give a DateTime, a DateTimeOffset or ISO 8601 text such as 2030-01-02T03:04:05Z"),
    };

    private static Moment OfText(string text)
    {
        var match = Iso8601.Match(text);
        var clock = match.Groups[2].Success
            ? match.Groups[2].Value + (match.Groups[3].Success ? match.Groups[3].Value : ":00")
            : "00:00:00";
        if (!match.Success
            || !DateTime.TryParseExact($"{match.Groups[1].Value}T{clock}", "yyyy-MM-dd'T'HH:mm:ss",
                CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            || !TryReadOffset(match, out var offset))
            return Wrong("the text is not an ISO 8601 date such as 2030-01-02 or 2030-01-02T03:04:05Z");
        return offset is null ? OfLocal(time) : OfUtc(time.Ticks - offset.Value.Ticks);
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

    private static Moment OfLocal(DateTime time)
    {
        var zone = TimeZoneInfo.Local;
        if (zone.IsInvalidTime(time))
            return Wrong($"the local time {Written(time)} does not exist in {zone.Id}: "
                + "the clocks are put forward over it; add the zone, as in 2030-01-02T03:04:05Z");
        // An ambiguous Local time knows which of the two it is; an Unspecified one is read as standard time.
        var offset = time.Kind == DateTimeKind.Local ? time - time.ToUniversalTime() : zone.GetUtcOffset(time);
        var moment = OfUtc(time.Ticks - offset.Ticks);
        return time.Kind == DateTimeKind.Unspecified && zone.IsAmbiguousTime(time)
            ? moment with
            {
                Note = $"The local time {Written(time)} comes twice in {zone.Id}; "
                    + $"it is read as standard time, {Iso(moment.Seconds)}.",
            }
            : moment;
    }

    // The invariant culture's: another's calendar may have other years.
    internal static string Written(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    internal static string Iso(long seconds) =>
        ToOffset(seconds) is { } moment
            ? moment.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : $"{seconds} s";

    internal static DateTimeOffset? ToOffset(long seconds) =>
        seconds >= -62135596800 && seconds <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    // In ticks, because text may name a moment that no DateTime can hold.
    private static Moment OfUtc(long ticks) =>
        new(ticks / TimeSpan.TicksPerSecond - DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond);

    private static Moment Wrong(string fault) => new(0, Fault: fault);
}
