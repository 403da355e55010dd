using System;
using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What one call sends with: a client, a batch on it and its journal; or why it can send nobody.</summary>
internal sealed class Sender : IDisposable
{
    private readonly ClientLease? lease;
    private readonly OptionsHandle? secrets; // to redact them where there is no client
    private readonly uint throttleLimit;
    private readonly CancellationToken stop;
    private bool hadBatch;

    internal Sender(PSCmdlet cmdlet, CancellationToken stop)
    {
        this.stop = stop;
        var bound = cmdlet.MyInvocation.BoundParameters;
        throttleLimit = bound.TryGetValue("ThrottleLimit", out var limit) ? (uint)(int)limit : 1;
        IsWhatIf = LanguagePrimitives.IsTrue(
            bound.TryGetValue("WhatIf", out var whatIf) ? whatIf : cmdlet.GetVariableValue("WhatIfPreference"));

        var shell = (cmdlet.GetVariableValue("PSVersionTable") as Hashtable)?["PSVersion"];
        var version = typeof(Sender).Assembly.GetName().Version!.ToString(3);
        var userAgent = $"JumpCloudApiSdkV1/{version} PowerShell/{shell}";
        var configuration = new Configuration(bound, userAgent);
        var journal = JournalSettings.Read(cmdlet, IsWhatIf);
        HasJournal = journal is not null;
        var fault = configuration.Fault ?? journal?.Fault;
        if (bound.ContainsKey("ExclusionUntil") && bound.ContainsKey("ExclusionDays"))
            fault = new Fault("Argument.Invalid", "-ExclusionUntil and -ExclusionDays cannot both be given");
        if (fault is not null)
        {
            WhyNobody = fault.ToResult();
            secrets = SecretsOf(configuration);
            return;
        }
        lease = ClientLease.Take(configuration, () => cmdlet.Stopping, out var why);
        if (why?.Code == "Key.Missing" && IsWhatIf)
        {
            configuration.Dispose();
            configuration = new Configuration(bound, userAgent, standInKey: Guid.NewGuid().ToString("N"));
            lease = ClientLease.Take(configuration, () => cmdlet.Stopping, out why);
            LacksKey = lease is not null;
        }
        WhyNobody = why;
        Notes = [configuration.Note, lease?.Note];
        if (lease is null)
        {
            secrets = SecretsOf(configuration);
            return;
        }
        Batch = new Batch(lease.Client, throttleLimit, stop);
        if (journal is null) return;
        WhyNobody = Batch.SetJournal(journal);
        if (WhyNobody is null && journal.Missing is { } path)
            Warning = $"There is no journal at '{Redact(path)}' yet, so -Resume knows of no earlier run: "
                + "nobody is left out.";
    }

    /// <summary>There only where somebody can be sent.</summary>
    internal Batch? Batch { get; private set; }

    internal readonly ResetResult? WhyNobody;

    internal bool HasSent => hadBatch || Batch?.IsUsed == true;

    internal readonly bool HasJournal;

    /// <summary>Nothing is to be sent, only shown.</summary>
    internal readonly bool IsWhatIf;

    /// <summary>A stand-in has taken the key's place, to show what would be sent.</summary>
    internal readonly bool LacksKey;

    internal readonly string? Warning;

    /// <summary>For the verbose stream: how a setting is read, and which proxy the system has.</summary>
    internal readonly string?[] Notes = [];

    internal bool SendsSideBySide => throttleLimit > 1;

    /// <summary>
    /// Has the next user sent although he was sent before: bodies are piped to a user who is given by name, and a batch
    /// sends each user once. With a journal that holds for the whole call.
    /// </summary>
    internal void SendAgain()
    {
        if (Batch is not { IsUsed: true } || HasJournal) return;
        hadBatch = true;
        Batch.Dispose();
        Batch = new Batch(lease!.Client, throttleLimit, stop);
    }

    /// <summary>A text from outside as it may be shown, by the library's rule.</summary>
    internal string Redact(string text)
    {
        // What cannot cross becomes the replacement character.
        var bytes = Encoding.UTF8.GetBytes(text.Replace('\0', '\ufffd') + '\0');
        var buffer = new Native.Buffer();
        var status = lease is null
            ? Native.jc_options_redact(secrets!, bytes, ref buffer)
            : Native.jc_client_redact(lease.Client, bytes, ref buffer);
        var redacted = Encoding.UTF8.GetString(buffer.Take());
        return status == Native.Ok ? Utf8.Short(redacted) : "***";
    }

    public void Dispose()
    {
        Batch?.Dispose();
        lease?.Dispose();
        secrets?.Dispose();
    }

    private static OptionsHandle SecretsOf(Configuration configuration)
    {
        using (configuration) return configuration.ToOptions(proxy: null);
    }
}
