using System;
using System.Management.Automation;
using System.Text.Json;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// A native client for one call of the command. The process keeps the last one, and with it its connection,
/// and uses it again while the configuration stays the same.
/// </summary>
internal sealed class ClientLease : IDisposable
{
    // Takes a proxy's place, to see whether the library would use one, and for which address. Nothing is sent to it.
    private static readonly Uri StandIn = new("http://proxy.invalid");

    private static readonly object Gate = new();
    private static Opened? kept;
    private static Configuration? keptConfiguration;

    private readonly Opened opened;
    private readonly bool owned;

    internal ClientHandle Client => opened.Client;

    /// <summary>For the verbose stream: which proxy the system has, or why none counts.</summary>
    internal string? Note => opened.System?.Note;

    // The address for which the system was asked for a proxy, and what it said.
    private sealed record Opened(ClientHandle Client, Uri? Address, SystemProxy.Answer? System);

    private ClientLease(Opened opened, bool owned)
    {
        (this.opened, this.owned) = (opened, owned);
        // Another runspace may put its own client in this one's place: it lives on until the last lease is given back.
        var added = false;
        if (!owned) Client.DangerousAddRef(ref added);
    }

    /// <summary>
    /// A lease, which takes over the configuration. Where nothing can be sent with it: null, and why; the configuration
    /// then stays the caller's.
    /// </summary>
    internal static ClientLease? Take(Configuration configuration, Func<bool> isStopping, out ResetResult? why)
    {
        why = null;
        var unused = configuration;
        var isInside = false;
        try
        {
            if (configuration.HasSecret)
            {
                if (Open(configuration, isStopping, out why) is { } own) return new ClientLease(own, owned: true);
                unused = null;
                return null;
            }
            // The one that is inside may have to wait until its system names a proxy.
            while (!(isInside = Monitor.TryEnter(Gate, SystemProxy.PollMs)))
                if (isStopping()) throw new PipelineStoppedException();
            if (kept is null || !configuration.IsSameAs(keptConfiguration!) || HasAnotherProxy(kept, isStopping))
            {
                if (Open(configuration, isStopping, out why) is not { } opened)
                {
                    unused = null;
                    return null;
                }
                kept?.Client.Dispose();
                (kept, unused, keptConfiguration) = (opened, keptConfiguration, configuration);
            }
            return new ClientLease(kept, owned: false);
        }
        finally
        {
            if (isInside) Monitor.Exit(Gate);
            unused?.Dispose();
        }
    }

    private static bool HasAnotherProxy(Opened opened, Func<bool> isStopping) =>
        opened.Address is { } address && SystemProxy.Of(address, isStopping) != opened.System;

    public void Dispose()
    {
        if (owned) Client.Dispose();
        else Client.DangerousRelease();
    }

    private static Opened? Open(Configuration configuration, Func<bool> isStopping, out ResetResult? why)
    {
        var asks = configuration.AsksSystemForProxy;
        if (Open(configuration, asks ? StandIn : null, out why) is not { } client) return null;
        if (!asks || AddressBehindProxy(client) is not { } url) return new Opened(client, null, null);
        client.Dispose();
        // With the key in it, which is shown as ***, it is none.
        var address = Uri.TryCreate(url, UriKind.Absolute, out var whole) ? new Uri(whole, "/") : null;
        var system = address is null ? null : SystemProxy.Of(address, isStopping);
        client = Open(configuration, system?.Proxy, out why);
        if (why is not null && system?.Proxy is not null)
            why.Message += " The proxy is the one that this system is set to use.";
        return client is null ? null : new Opened(client, address, system);
    }

    private static ClientHandle? Open(Configuration configuration, Uri? proxy, out ResetResult? why)
    {
        why = null;
        using var options = configuration.ToOptions(proxy);
        var error = new Native.Buffer();
        var status = Native.jc_client_new(options, out var client, ref error);
        var document = error.Take();
        if (status == Native.Ok) return client;
        client.Dispose();
        why = ResetResult.FromJson(document);
        return null;
    }

    // Null where the library uses no proxy: because of NO_PROXY, or for http on this computer.
    private static string? AddressBehindProxy(ClientHandle client)
    {
        var buffer = new Native.Buffer();
        Native.jc_client_preview_reset(
            client, Utf8.Bytes("any")!, Native.ExclusionUnset, Native.UntilUnset, 0, ref buffer);
        using var preview = JsonDocument.Parse(buffer.Take());
        return preview.RootElement.TryGetProperty("proxy", out _)
            ? preview.RootElement.GetProperty("url").GetString() : null;
    }
}
