using System.Management.Automation;
using System.Net;
using System.Net.Http;
using JumpCloudApiSdkV1.Interop;

namespace JumpCloudApiSdkV1.Models;

/// <summary>A user was not reset, or it is not known whether he was.</summary>
public sealed class ResetException : HttpRequestException
{
    internal ResetException(ResetResult result)
        : base(result.Message, null, (HttpStatusCode?)result.StatusCode) => Result = result;

    private ResetResult Result { get; }

    public string UserId => Result.UserId;
    public string? Name => Result.Name;
    public string Outcome => Result.Outcome;
    public string? Code => Result.Code;
    public int Attempts => Result.Attempts;

    /// <summary>Where the error ends the command, it says what became of the other users.</summary>
    internal ErrorRecord ToErrorRecord(string? others, bool adviceIsShown) =>
        new(this, Code, ErrorCategories.Of(Code), UserId.Length > 0 ? UserId : Name ?? "")
        {
            ErrorDetails = Advice.With(others is null ? Message : $"{Message} {others}", Result.Hint, adviceIsShown),
        };
}
