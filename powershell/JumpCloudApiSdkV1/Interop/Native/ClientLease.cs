using System;
using System.Text;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// A native client for one call of the command. The process keeps the last one, and with it its connection,
/// and uses it again while the configuration stays the same.
/// </summary>
internal sealed class ClientLease : IDisposable
{
    private static readonly object Gate = new();
    private static ClientHandle? kept;
    private static Configuration? keptConfiguration;

    private readonly bool owned;

    internal ClientHandle Client { get; }

    private ClientLease(ClientHandle client, bool owned) => (Client, this.owned) = (client, owned);

    /// <summary>Takes over the configuration. Null, and why, when it is not good enough to send anything.</summary>
    internal static ClientLease? Take(Configuration configuration, out ResetResult? why)
    {
        why = null;
        if (configuration.HasSecret)
        {
            using (configuration)
                return Open(configuration, out why) is { } own ? new ClientLease(own, owned: true) : null;
        }
        lock (Gate)
        {
            if (kept is not null && configuration.IsSameAs(keptConfiguration!)) configuration.Dispose();
            else if (Open(configuration, out why) is { } opened)
            {
                kept?.Dispose();
                keptConfiguration?.Dispose();
                (kept, keptConfiguration) = (opened, configuration);
            }
            else
            {
                configuration.Dispose();
                return null;
            }
            // Another runspace may put its own client in this one's place: it lives on until the last lease is given
            // back.
            var added = false;
            kept.DangerousAddRef(ref added);
            return new ClientLease(kept, owned: false);
        }
    }

    /// <summary>
    /// An id or a name from outside as it may be shown: by the library's rule, without the client's secrets.
    /// </summary>
    internal string Redact(string text)
    {
        // What cannot cross becomes the replacement character.
        var bytes = Encoding.UTF8.GetBytes(text.Replace('\0', '\ufffd') + '\0');
        var buffer = new Native.Buffer();
        var status = Native.jc_client_redact(Client, bytes, ref buffer);
        var redacted = Encoding.UTF8.GetString(buffer.Take());
        return status == Native.Ok ? Utf8.Short(redacted) : "***";
    }

    public void Dispose()
    {
        if (owned) Client.Dispose();
        else Client.DangerousRelease();
    }

    private static ClientHandle? Open(Configuration configuration, out ResetResult? why)
    {
        why = null;
        using var options = configuration.ToOptions();
        var error = new Native.Buffer();
        var status = Native.jc_client_new(options, out var client, ref error);
        var document = error.Take();
        if (status == Native.Ok) return client;
        client.Dispose();
        why = ResetResult.FromJson(document);
        // Here it is given with -Environment.
        why.Message = why.Message?.Replace("the environment that was given", "-Environment", StringComparison.Ordinal);
        return null;
    }
}
