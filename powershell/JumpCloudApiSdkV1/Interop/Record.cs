using System;
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
    public string? Id { get; set; }
    public string? SystemuserId { get; set; }
    public string? Triggername { get; set; }
    public bool? Exclusion { get; set; }
    public DateTime? ExclusionUntil { get; set; }

    internal Moment? Until { get; private set; }

    private string? shape;       // it is nothing that could be read
    private Fault? identity;     // its ids cannot be used
    private Fault? field;        // a field holds what it cannot hold
    private Fault? emptyField;   // unset in a record with an id (a CSV cell), wrong in a body
    private string? unknown, nearField;
    private bool isText;

    private bool HasId => Id is not null || identity is not null;

    /// <summary>What keeps it from being a user that may carry fields of its own.</summary>
    internal Fault? AsIdentity => (shape is null ? null : NoUser(shape))
        ?? identity
        ?? (HasId ? null : NoUser("the object does not name a user"))
        ?? (nearField is null ? null : new Fault("Body.Invalid", "'{0}' is not a field of the request, only close to one; it takes Exclusion and ExclusionUntil", Name: nearField))
        ?? field;

    /// <summary>What keeps it from being a body.</summary>
    internal Fault? AsBody => (shape is null ? null : NoBody(shape))
        ?? (isText ? NoBody("the text is not a body") : null)
        ?? (HasId ? new Fault("Body.Invalid", "the body carries an id, which would name a second user beside the one that was given") : null)
        ?? (unknown is null ? null : new Fault("Body.Invalid", "'{0}' is not a field of the body; it takes Exclusion and ExclusionUntil", Name: unknown))
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
                    (record.Id, record.isText) = (text, true);
                    break;
                case IJumpCloudApIsIdentity or IBodyParameterSystemUserMfaResetRequestBody:
                    record.ReadTyped(source);
                    break;
                default:
                    if (Fields.Of(source) is not { } fields)
                        record.shape = $"{Fault.Kind(source)} is neither a user nor a body";
                    else
                        foreach (var (name, value) in fields) record.Add(name, value);
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
            AddId(user.Id);
            AddId(user.SystemuserId);
        }
        if (source is IBodyParameterSystemUserMfaResetRequestBody body)
        {
            Exclusion = body.Exclusion;
            if (body.ExclusionUntil is { } until) AddUntil(until);
        }
    }

    private void Add(string name, object? value)
    {
        switch (name.ToLowerInvariant())
        {
            case "id" or "systemuserid" or "_id":
                AddId(value);
                break;
            case "exclusion":
                if (Exclusion is not null) field ??= Twice(name);
                else if (value is bool flag) Exclusion = flag;
                else if (value is string text && bool.TryParse(text, out flag)) Exclusion = flag;
                else Unset("Exclusion.Invalid", "Exclusion", value, "is neither true nor false");
                break;
            case "exclusionuntil":
                if (Until is not null) field ??= Twice(name);
                else if (value is null or "") Unset("ExclusionUntil.Invalid", "ExclusionUntil", value, "is not a date");
                else AddUntil(value);
                break;
            default:
                unknown ??= name;
                if (FieldName.IsNear(name)) nearField ??= name;
                break;
        }
    }

    private void AddId(object? value)
    {
        if (value is null) return;
        if (value is not string id)
            identity ??= new Fault("Id.Invalid", $"the object's id is {Fault.Kind(value)}, not text");
        else if (string.IsNullOrEmpty(Id))
            Id = id;
        else if (id.Length > 0 && id != Id)
            identity ??= new Fault("Id.Invalid", "the object names two users: its ids differ");
    }

    private void AddUntil(object value)
    {
        var moment = Moment.Read(value);
        if (moment.Fault is null) Until = moment;
        else field ??= new Fault("ExclusionUntil.Invalid", $"in ExclusionUntil, {moment.Fault}");
    }

    private void Unset(string code, string name, object? value, string why)
    {
        if (value is null) return;
        var fault = new Fault(code, $"in {name}, {Fault.Kind(value)} {why}");
        if (value is "") emptyField ??= fault;
        else field ??= fault;
    }

    private static Fault NoUser(string what) => new("Id.Invalid", what, "Give the id as text, or an object with Id, SystemuserId or _id.");
    private static Fault NoBody(string what) => new("Body.Invalid", what, "Give a hashtable, an object or JSON with Exclusion and ExclusionUntil.");
    private static Fault Twice(string name) => new("Body.Invalid", "'{0}' is given twice", Name: name);
}
