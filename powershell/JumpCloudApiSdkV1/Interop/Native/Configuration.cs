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
    private const int ApiKey = 1, OrgId = 2, Environment = 3, Proxy = 6, ProxyUser = 7, ProxyPassword = 8;
    private const int UserAgent = 10, TotalTimeoutMs = 103, MaxRetries = 104;

    private static readonly string[] ProxyNames = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

    private static readonly string[] EnvironmentNames =
    [
        "JCApiKey", "JCOrgId", "JCEnvironment", "JCApiUrl", .. ProxyNames, "NO_PROXY", "no_proxy", "SSL_CERT_FILE",
    ];

    // Of an option, or of an environment variable where there is a name.
    private sealed class Setting(int option, string? name, byte[]? text, long number)
    {
        internal readonly int Option = option;
        internal readonly string? Name = name;
        internal readonly byte[]? Text = text;
        internal readonly long Number = number;
    }

    private readonly List<Setting> settings = new();

    /// <summary>With a secret of the call's own the client is made for the call and forgotten.</summary>
    internal readonly bool HasSecret;

    internal Fault? Fault { get; private set; }

    /// <summary>Neither a parameter nor a variable names a proxy, and this system may have one of its own.</summary>
    internal readonly bool AsksSystemForProxy;

    /// <summary>
    /// For the verbose stream: how a setting is read that an older JumpCloud module leaves in a session.
    /// </summary>
    internal readonly string? Note;

    /// <summary>A stand-in takes the place of the key where there is none, to see what would be sent.</summary>
    internal Configuration(IDictionary<string, object> bound, string userAgent, string? standInKey = null)
    {
        HasSecret = bound.ContainsKey("ApiKey") || bound.ContainsKey("ProxyCredential") || standInKey is not null;
        if (standInKey is not null)
            Add(ApiKey, "ApiKey", "Key.Invalid", Utf8.SecretBytes(standInKey));
        else if (bound.TryGetValue("ApiKey", out var key))
            Add(ApiKey, "ApiKey", "Key.Invalid", Utf8.SecretBytes((SecureString)key));
        if (bound.TryGetValue("OrgId", out var organization))
            Add(OrgId, "OrgId", "Configuration.Invalid", Utf8.Bytes((string)organization));
        if (bound.TryGetValue("Environment", out var region))
            Add(Environment, "Environment", "Environment.Invalid", Utf8.Bytes((string)region));
        if (bound.TryGetValue("Proxy", out var proxy))
        {
            var url = ((Uri)proxy).OriginalString;
            // The library would take it for no proxy at all.
            if (url.Length == 0) Fault ??= new Fault("Url.Invalid", "-Proxy is empty");
            Add(Proxy, "Proxy", "Url.Invalid", Utf8.SecretBytes(url));
        }
        if (bound.TryGetValue("ProxyCredential", out var credential))
        {
            // PSCredential.Empty has neither.
            if (credential is PSCredential { UserName: { } user, Password: { } password })
            {
                Add(ProxyUser, "ProxyCredential", "Configuration.Invalid", Utf8.Bytes(user));
                Add(ProxyPassword, "ProxyCredential", "Configuration.Invalid", Utf8.SecretBytes(password));
            }
            else
                Fault ??= new Fault("Configuration.Invalid",
                    "-ProxyCredential is empty: it has neither a user nor a password");
        }
        if (bound.TryGetValue("TimeoutSec", out var seconds))
            settings.Add(new Setting(TotalTimeoutMs, null, null, (int)seconds * 1000L));
        if (bound.TryGetValue("MaximumRetryCount", out var retries))
            settings.Add(new Setting(MaxRetries, null, null, (int)retries));
        Add(UserAgent, "UserAgent", "Configuration.Invalid", Utf8.Bytes(userAgent));

        foreach (var name in EnvironmentNames)
        {
            var value = System.Environment.GetEnvironmentVariable(name);
            var bytes = value is null ? null : Utf8.SecretBytes(value);
            if (value is not null && bytes is null) Refuse($"${{env:{name}}}", CodeOf(name));
            settings.Add(new Setting(0, name, bytes, 0));
        }
        AsksSystemForProxy = SystemProxy.IsAsked && !bound.ContainsKey("Proxy")
            && Array.TrueForAll(
                ProxyNames, name => string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable(name)));
        var leftBehind = System.Environment.GetEnvironmentVariable("JCEnvironment");
        if ("production".Equals(leftBehind, StringComparison.OrdinalIgnoreCase) && !bound.ContainsKey("Environment")
            && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("JCApiUrl")))
            Note = $"JCEnvironment is '{leftBehind}', as an older JumpCloud module leaves it; it means STANDARD.";
    }

    /// <summary>With a proxy that neither parameter nor variable names.</summary>
    internal OptionsHandle ToOptions(Uri? proxy)
    {
        var options = Native.jc_options_new();
        var own = proxy is null ? null : Utf8.SecretBytes(proxy.AbsoluteUri);
        foreach (var setting in own is null ? settings : settings.Append(new Setting(Proxy, null, own, 0)))
        {
            var status = setting.Name is { } name ? Native.jc_options_set_env(options, Utf8.Bytes(name)!, setting.Text)
                : setting.Text is { } text ? Native.jc_options_set_text(options, setting.Option, text)
                : Native.jc_options_set_int(options, setting.Option, setting.Number);
            if (status != Native.Ok)
                throw new InvalidOperationException(
                    $"The native library refused the option {setting.Name ?? $"{setting.Option}"} (status {status}).");
        }
        CryptographicOperations.ZeroMemory(own);
        return options;
    }

    // Compared byte by byte: .NET's hashes would load OpenSSL for it, which the native library does without.
    internal bool IsSameAs(Configuration other)
    {
        if (settings.Count != other.settings.Count) return false;
        for (var i = 0; i < settings.Count; i++)
        {
            var (left, right) = (settings[i], other.settings[i]);
            if (left.Option != right.Option || left.Name != right.Name || left.Number != right.Number
                || left.Text is null != right.Text is null
                || !CryptographicOperations.FixedTimeEquals(left.Text, right.Text)) return false;
        }
        return true;
    }

    public void Dispose()
    {
        foreach (var setting in settings) CryptographicOperations.ZeroMemory(setting.Text);
    }

    private void Add(int option, string parameter, string code, byte[]? value)
    {
        if (value is null) Refuse($"-{parameter}", code);
        else settings.Add(new Setting(option, null, value, 0));
    }

    private void Refuse(string name, string code) =>
        Fault ??= new Fault(code, $"{name} holds a NUL character or half a surrogate pair");

    private static string CodeOf(string name) => name switch
    {
        "JCApiKey" => "Key.Invalid",
        "JCEnvironment" => "Environment.Invalid",
        "JCApiUrl" => "Url.Invalid",
        _ => "Configuration.Invalid",
    };
}
