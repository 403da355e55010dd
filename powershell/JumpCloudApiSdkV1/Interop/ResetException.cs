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
    public string Outcome => Result.Outcome;
    public string? Code => Result.Code;
    public int Attempts => Result.Attempts;

    /// <summary>Where the error ends the command, it says what became of the other users.</summary>
    internal ErrorRecord ToErrorRecord(string? others, bool adviceIsShown) =>
        new(this, Code, Category(Code), UserId)
        {
            ErrorDetails = Advice.With(others is null ? Message : $"{Message} {others}", Result.Hint, adviceIsShown),
        };

    private static ErrorCategory Category(string? code) => code switch
    {
        "Auth.Refused" or "Auth.LoginRedirect" or "Organization.Required" or "Key.Missing" => ErrorCategory.AuthenticationError,
        "Permission.Refused" => ErrorCategory.PermissionDenied,
        "User.NotFound" or "Url.Suspect" => ErrorCategory.ObjectNotFound,
        "Request.Refused" => ErrorCategory.InvalidOperation,
        "RateLimit.Exceeded" => ErrorCategory.LimitsExceeded,
        "Service.Unavailable" or "Server.Failed" or "Lookup.Failed" => ErrorCategory.ResourceUnavailable,
        "Tls.NotTrusted" or "Tls.NoAuthorities" or "Redirect.Refused" => ErrorCategory.SecurityError,
        "Connection.Refused" or "Connection.NotMade" or "Name.NotFound" or "Name.LookupFailed" or "Proxy.Refused" or "Answer.Lost" => ErrorCategory.ConnectionError,
        "Answer.TimedOut" => ErrorCategory.OperationTimeout,
        "Answer.NotUnderstood" or "Lookup.NotExact" => ErrorCategory.ProtocolError,
        "NotTried" or "Cancelled" => ErrorCategory.OperationStopped,
        null or "Internal.Panic" or "Internal.NotSent" => ErrorCategory.NotSpecified,
        _ => ErrorCategory.InvalidArgument,
    };
}
