using System.Management.Automation;
using System.Net;
using System.Net.Http;

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

    internal ErrorRecord ToErrorRecord() =>
        new(this, Code, Category(Code), UserId)
        {
            ErrorDetails = new ErrorDetails(Message) { RecommendedAction = Result.Hint ?? "" },
        };

    private static ErrorCategory Category(string? code) => code switch
    {
        "Auth.Refused" or "Auth.LoginRedirect" or "Organization.Required" or "Key.Missing" => ErrorCategory.AuthenticationError,
        "Permission.Refused" => ErrorCategory.PermissionDenied,
        "User.NotFound" or "Url.Suspect" => ErrorCategory.ObjectNotFound,
        "Request.Refused" => ErrorCategory.InvalidOperation,
        "RateLimit.Exceeded" => ErrorCategory.LimitsExceeded,
        "Service.Unavailable" or "Server.Failed" => ErrorCategory.ResourceUnavailable,
        "Tls.NotTrusted" or "Tls.NoAuthorities" or "Redirect.Refused" => ErrorCategory.SecurityError,
        "Connection.Refused" or "Connection.NotMade" or "Name.NotFound" or "Name.LookupFailed" or "Proxy.Refused" or "Answer.Lost" => ErrorCategory.ConnectionError,
        "Answer.TimedOut" => ErrorCategory.OperationTimeout,
        "Answer.NotUnderstood" => ErrorCategory.ProtocolError,
        "NotTried" or "Cancelled" => ErrorCategory.OperationStopped,
        null or "Internal.Panic" or "Internal.NotSent" => ErrorCategory.NotSpecified,
        _ => ErrorCategory.InvalidArgument,
    };
}
