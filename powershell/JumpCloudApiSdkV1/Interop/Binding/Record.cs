using System;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Text.Json;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// What came in as -InputObject or -Body, whatever it was: its id, its two fields and what is wrong with it.
/// It is both types because the binder offers a piped object to both parameters; the command judges it afterwards,
/// when it knows the parameter set. A converter that threw instead would make the binder drop the fields in silence.
/// </summary>
internal sealed class Record : IJumpCloudApIsIdentity, IBodyParameterSystemUserMfaResetRequestBody
{
    private const long SecondsPerDay = 86_400;

    private static readonly string[] IdNames = ["Id", "_id", "SystemuserId", "UserId"];

    // What other lists call a username or an e-mail address, without what is neither letter nor digit. None is taken:
    // something else may stand in one of them, such as the name of an account elsewhere.
    private static readonly string[] OtherNames =
        ["mail", "email", "emailaddress", "userprincipalname", "upn", "login", "samaccountname", "username", "name"];

    public string? Id { get; set; }
    public string? SystemuserId { get; set; }
    public string? Triggername { get; set; }
    public bool? Exclusion { get; set; }
    public DateTime? ExclusionUntil { get; set; }

    private Moment? until;
    private int? days;
    private string? shape;       // it is nothing that could be read
    private Fault? identity;     // its ids cannot be used
    private Fault? field;        // a field holds what it cannot hold
    private Fault? emptyField;   // unset in a record with an id (a CSV cell), wrong in a body
    private string? unknown;
    private Fault? nearField;
    private bool isText;
    private string? idColumn, username, email;
    private Fault? name;         // a username or an e-mail address is no text
    private string? otherName;   // a column that is close to a name's

    private bool HasId => Id is not null || identity is not null;

    internal GivenUser User => new(Id, username, email) { Column = idColumn };

    /// <summary>When the enrollment period ends, where days are counted from the given second.</summary>
    internal Moment? Until(long start) => days is { } number ? After(start, number) : until;

    internal static Moment After(long start, int days) => new(start + days * SecondsPerDay);

    /// <summary>What keeps it from being a user that may carry fields of its own.</summary>
    internal Fault? AsIdentity => (shape is null ? null : NoUser(shape))
        ?? identity
        ?? (string.IsNullOrEmpty(Id) ? name : null)
        ?? (User.Given.Length == 0 ? Nameless : null)
        ?? nearField ?? field
        ?? (until is not null && days is not null
            ? new Fault("ExclusionUntil.Invalid", "ExclusionUntil and ExclusionDays are both given",
                "Give one of the two; nothing was sent.") : null);

    // An id that is empty is for the library to refuse, unless there is more to say.
    private Fault? Nameless => otherName is not null
        ? NoUser("the object does not name a user: "
            + $"'{otherName}' is not one of the columns that are taken")
        : HasId ? null : NoUser("the object does not name a user");

    /// <summary>What keeps it from being a body.</summary>
    internal Fault? AsBody => (shape is null ? null : NoBody(shape))
        ?? (isText ? NoBody("the text is not a body") : null)
        ?? (HasId ? new Fault("Body.Invalid",
            "the body carries an id, which would name a second user beside the one that was given") : null)
        ?? (unknown is null ? null : new Fault("Body.Invalid",
            $"'{unknown}' is not a field of the body; it takes Exclusion and ExclusionUntil"))
        ?? field ?? emptyField;

    internal static Record Read(object source)
    {
        if (source is PSObject wrapped && wrapped.BaseObject is not PSCustomObject) source = wrapped.BaseObject;
        if (source is Record already) return already;

        var record = new Record();
        try
        {
            switch (source)
            {
                case string text when Fields.TrimStart(text) is ['[' or '"', ..]:
                    record.shape = "the text begins as JSON, but not as one object";
                    break;
                case string text when Fields.TrimStart(text) is not ['{', ..]:
                    record.isText = true;
                    // No id has an @ in it.
                    if (text.Contains('@')) record.email = text;
                    else record.Id = text;
                    break;
                case IJumpCloudApIsIdentity or IBodyParameterSystemUserMfaResetRequestBody:
                    record.ReadTyped(source);
                    break;
                case ResetResult result:
                    if (result.UserId.Length > 0 || result.Name is null) record.AddId(result.UserId, null);
                    // Who was given by both names has to have both this time, too.
                    else (record.username, record.email) = (result.Name, result.Email);
                    record.Add("Exclusion", result.Exclusion);
                    record.Add("ExclusionUntil", result.ExclusionUntil);
                    break;
                default:
                    if (Fields.Of(source) is { } fields)
                        foreach (var (name, value) in fields) record.Add(name, value);
                    else record.ReadObject(source);
                    break;
            }
        }
        catch (JsonException) { record.shape = "the text begins as JSON, but is none"; }
        // A property of the caller's object may throw whatever it likes.
        catch (Exception) { record.shape = "the object could not be read: one of its properties fails"; }
        return record;
    }

    private void ReadTyped(object source)
    {
        if (source is IJumpCloudApIsIdentity user)
        {
            AddId(user.Id, "Id");
            AddId(user.SystemuserId, "SystemuserId");
        }
        if (source is IBodyParameterSystemUserMfaResetRequestBody body)
        {
            Exclusion = body.Exclusion;
            if (body.ExclusionUntil is { } until) AddUntil(until);
        }
    }

    // An object of .NET or of a PowerShell class. Many classes have an Id, so it counts only if it looks like an id of
    // the API. Getters may do anything, so only the members that may count are read.
    private void ReadObject(object source)
    {
        var members = PSObject.AsPSObject(source).Properties;
        var hasOtherId = false;
        foreach (var column in IdNames)
        {
            if (Fields.Plain(members[column]?.Value) is not string { Length: > 0 } id) continue;
            if (IsApiId(id)) AddId(id, column);
            else hasOtherId = true;
        }
        if (!HasId && !hasOtherId && IsRow(source))
        {
            AddName(ref username, "Username", Fields.Plain(members["Username"]?.Value));
            AddName(ref email, "Email", Fields.Plain(members["Email"]?.Value));
        }
        if (!HasId && User.Given.Length == 0 && name is null)
        {
            shape = $"{Fault.Kind(source)} is neither a user nor a body";
            if (hasOtherId) shape += ": its id is not 24 hexadecimal digits";
            return;
        }
        foreach (var member in members)
            if (FieldName.Meant(member.Name) is not null && !FieldName.IsOfMfa(member.Name))
                Add(member.Name, Fields.Plain(member.Value));
    }

    // Of a class that a script defines, or of a database. Others have names as well, such as the account of a process.
    private static bool IsRow(object source) =>
        source.GetType() is var type && (type.Assembly.IsDynamic || type.FullName == "System.Data.DataRow");

    private void Add(string name, object? value)
    {
        if (IdNames.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            AddId(value, name);
            return;
        }
        switch (name.ToLowerInvariant())
        {
            case "exclusion":
                if (Exclusion is not null) field ??= Twice(name);
                else if (value is bool flag) Exclusion = flag;
                else if (value is string text && bool.TryParse(text, out flag)) Exclusion = flag;
                else Unset("Exclusion.Invalid", "Exclusion", value, "is neither true nor false");
                break;
            case "exclusionuntil":
                if (until is not null) field ??= Twice(name);
                else if (value is null or "") Unset("ExclusionUntil.Invalid", "ExclusionUntil", value, "is not a date");
                else AddUntil(value);
                break;
            case "exclusiondays":
                unknown ??= name; // in a body
                if (days is not null) field ??= Twice(name);
                else if (WholeNumber(value) is >= 1 and <= 365 and var number) days = (int)number;
                else Unset("ExclusionUntil.Invalid", "ExclusionDays", value, "is not a whole number from 1 to 365",
                    "Give a whole number from 1 to 365; nothing was sent.");
                break;
            case "username":
                unknown ??= name; // in a body
                AddName(ref username, name, value);
                break;
            case "email":
                unknown ??= name;
                AddName(ref email, name, value);
                break;
            default:
                unknown ??= name;
                if (value is not (null or "") && OtherNames.Contains(FieldName.Letters(name))) otherName ??= name;
                if (value is not (null or "") && FieldName.Meant(name) is { } meant)
                    nearField ??= new Fault("Body.Invalid",
                        $"'{name}' is not a field of the request, only close to one; "
                            + $"write {meant}, or leave it out");
                break;
        }
    }

    private void AddId(object? value, string? column)
    {
        if (value is null) return;
        if (value is not string id)
            identity ??= new Fault("Id.Invalid", $"the object's id is {Fault.Kind(value)}, not text");
        else if (string.IsNullOrEmpty(Id))
            (Id, idColumn) = (id, column);
        else if (id.Length > 0 && id != Id)
            identity ??= new Fault("Id.Invalid", "the object names two users: its ids differ");
    }

    private void AddName(ref string? into, string column, object? value)
    {
        if (value is null or "") return;
        if (value is not string text)
            name ??= new Fault("Name.Invalid", $"in '{column}', {Fault.Kind(value)} is not text");
        else if (into is not null) name ??= Twice(column);
        else into = text;
    }

    private void AddUntil(object value)
    {
        var moment = Moment.Read(value);
        if (moment.Fault is null) until = moment;
        else field ??= new Fault("ExclusionUntil.Invalid", $"in ExclusionUntil, {moment.Fault}");
    }

    private void Unset(string code, string name, object? value, string why, string? hint = null)
    {
        if (value is null) return;
        var fault = new Fault(code, $"in {name}, {Fault.Kind(value)} {why}", hint);
        if (value is "") emptyField ??= fault;
        else field ??= fault;
    }

    /// <summary>As the API's own ids are.</summary>
    internal static bool IsApiId(string id) => id.Length == 24 && id.All(char.IsAsciiHexDigit);

    private static double? WholeNumber(object? value) => value switch
    {
        sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal =>
            Convert.ToDouble(value, CultureInfo.InvariantCulture),
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        _ => (double?)null,
    } is { } whole && whole == Math.Floor(whole) ? whole : null;

    private static Fault NoUser(string what) =>
        new("Id.Invalid", what, "Give an id or an e-mail address as text, or an object with Id, UserId, SystemuserId "
            + "or _id, or with Username or Email.");
    private static Fault NoBody(string what) =>
        new("Body.Invalid", what, "Give a hashtable, an object or JSON with Exclusion and ExclusionUntil.");
    private static Fault Twice(string name) => new("Body.Invalid", $"'{name}' is given twice");
}
