using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// The options of a native client: the call's parameters, and what the session's environment says.
/// PowerShell's $env: is .NET's own copy on Linux and macOS, which native code cannot see.
/// </summary>
internal sealed class Configuration : IDisposable
{
    private const int ApiKey = 1, OrgId = 2, Environment = 3, Proxy = 6, ProxyUser = 7, ProxyPassword = 8, UserAgent = 10;
    private const int TotalTimeoutMs = 103, MaxRetries = 104;

    private static readonly string[] EnvironmentNames =
        { "JCApiKey", "JCOrgId", "JCEnvironment", "JCApiUrl", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE" };

    private readonly List<(int Option, byte[]? Value)> texts = new();
    private readonly List<(int Option, long Value)> numbers = new();
    private readonly List<(string Name, byte[]? Value)> environment = new();

    /// <summary>With a secret of the call's own the client is made for the call and forgotten.</summary>
    internal bool HasSecret { get; }

    internal Fault? Fault { get; private set; }

    internal Configuration(IDictionary<string, object> bound, string userAgent)
    {
        HasSecret = bound.ContainsKey("ApiKey") || bound.ContainsKey("ProxyCredential");
        if (bound.TryGetValue("ApiKey", out var key)) Add(ApiKey, "ApiKey", "Key.Invalid", Utf8.SecretBytes((SecureString)key));
        if (bound.TryGetValue("OrgId", out var organization)) Add(OrgId, "OrgId", "Configuration.Invalid", Utf8.Bytes((string)organization));
        if (bound.TryGetValue("Environment", out var region)) Add(Environment, "Environment", "Environment.Invalid", Utf8.Bytes((string)region));
        if (bound.TryGetValue("Proxy", out var proxy)) Add(Proxy, "Proxy", "Url.Invalid", Utf8.SecretBytes(((Uri)proxy).OriginalString));
        if (bound.TryGetValue("ProxyCredential", out var credential))
        {
            var given = (PSCredential)credential;
            Add(ProxyUser, "ProxyCredential", "Configuration.Invalid", Utf8.Bytes(given.UserName));
            Add(ProxyPassword, "ProxyCredential", "Configuration.Invalid", Utf8.SecretBytes(given.Password));
        }
        if (bound.TryGetValue("TimeoutSec", out var seconds)) numbers.Add((TotalTimeoutMs, (int)seconds * 1000L));
        if (bound.TryGetValue("MaximumRetryCount", out var retries)) numbers.Add((MaxRetries, (int)retries));
        Add(UserAgent, "UserAgent", "Configuration.Invalid", Utf8.Bytes(userAgent));

        foreach (var name in EnvironmentNames)
        {
            var value = System.Environment.GetEnvironmentVariable(name);
            var bytes = value is null ? null : Utf8.SecretBytes(value);
            if (value is not null && bytes is null) Refuse($"${{env:{name}}}", CodeOf(name));
            environment.Add((name, bytes));
        }
    }

    internal OptionsHandle ToOptions()
    {
        var options = Native.jc_options_new();
        foreach (var (option, value) in texts) Expect(Native.jc_options_set_text(options, option, value!), option);
        foreach (var (option, value) in numbers) Expect(Native.jc_options_set_int(options, option, value), option);
        foreach (var (name, value) in environment) Native.jc_options_set_env(options, Utf8.Bytes(name)!, value);
        return options;
    }

    private static void Expect(int status, int option)
    {
        if (status != Native.Ok) throw new InvalidOperationException($"The native library refused option {option} (status {status}).");
    }

    // Compared byte by byte: .NET's hashes would load OpenSSL for it, which the native library does without.
    internal bool IsSameAs(Configuration other) =>
        numbers.SequenceEqual(other.numbers) && AreSame(texts, other.texts) && AreSame(environment, other.environment);

    private static bool AreSame<T>(List<(T Name, byte[]? Value)> left, List<(T Name, byte[]? Value)> right) where T : IEquatable<T> =>
        left.Count == right.Count
        && left.Zip(right).All(pair => pair.First.Name.Equals(pair.Second.Name)
            && (pair.First.Value is null) == (pair.Second.Value is null)
            && CryptographicOperations.FixedTimeEquals(pair.First.Value, pair.Second.Value));

    public void Dispose()
    {
        foreach (var (_, value) in texts) CryptographicOperations.ZeroMemory(value);
        foreach (var (_, value) in environment) CryptographicOperations.ZeroMemory(value);
    }

    private void Add(int option, string parameter, string code, byte[]? value)
    {
        if (value is null) Refuse($"-{parameter}", code);
        else texts.Add((option, value));
    }

    private void Refuse(string name, string code) =>
        Fault ??= new Fault(code, $"{name} holds a NUL character or half a surrogate pair.");

    private static string CodeOf(string name) => name switch
    {
        "JCApiKey" => "Key.Invalid",
        "JCEnvironment" => "Environment.Invalid",
        "JCApiUrl" => "Url.Invalid",
        _ => "Configuration.Invalid",
    };
}
