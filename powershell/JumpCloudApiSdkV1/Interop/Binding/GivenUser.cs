using System.IO;
using System.Text;
using System.Text.Json;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// How a user was given: by id, or by username or e-mail address. Where there is an id, it counts. A user who was given
/// by both names has to have both.
/// </summary>
internal sealed record GivenUser(string? Id, string? Username = null, string? Email = null)
{
    /// <summary>The column or property of a record that the id came from.</summary>
    internal string? Column { get; init; }

    internal bool IsByName => string.IsNullOrEmpty(Id) && !string.IsNullOrEmpty(Given);

    /// <summary>What a person knows the user by.</summary>
    internal string Given => !string.IsNullOrEmpty(Id) ? Id : HasUsername ? Username! : HasEmail ? Email! : "";

    /// <summary>The address of a user who was given by username as well.</summary>
    internal string? EmailBeside => IsByBothNames ? Email : null;

    internal uint Flags => !IsByName ? 0 : IsByBothNames ? Native.ByNames : Native.ByName;

    private bool HasUsername => !string.IsNullOrEmpty(Username);
    private bool HasEmail => !string.IsNullOrEmpty(Email);
    private bool IsByBothNames => IsByName && HasUsername && HasEmail;

    /// <summary>What the library takes in place of an id. Null where it cannot cross.</summary>
    internal byte[]? Bytes()
    {
        if (!IsByBothNames) return Utf8.Bytes(Given);
        // What cannot cross by itself could not be written as JSON either.
        if (Utf8.Bytes(Username) is null || Utf8.Bytes(Email) is null) return null;
        var (username, email) = (JsonEncodedText.Encode(Username!), JsonEncodedText.Encode(Email!));
        return Utf8.Bytes($$"""{"username":"{{username}}","email":"{{email}}"}""");
    }

    /// <summary>
    /// The same where the user's record is wrong. What cannot cross becomes the replacement character.
    /// </summary>
    internal byte[] Bytes(Fault fault)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            Write("code", fault.Code);
            Write("message", fault.What);
            Write("hint", fault.Hint);
            Write("id", IsByName ? null : Id);
            Write("username", IsByName && HasUsername ? Username : null);
            Write("email", IsByName && HasEmail ? Email : null);
            json.WriteEndObject();

            void Write(string name, string? value)
            {
                if (value is not null) json.WriteString(name, Encoding.UTF8.GetBytes(value));
            }
        }
        text.WriteByte(0);
        return text.ToArray();
    }
}
