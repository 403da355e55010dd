using System;
using System.Collections;
using System.Management.Automation;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>What one call sends with: a client, a batch on it and its journal; or why it can send nobody.</summary>
internal sealed class Sender : IDisposable
{
    private readonly ClientLease? lease;
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
            configuration.Dispose();
            WhyNobody = fault.ToResult("", name => name);
            return;
        }
        lease = ClientLease.Take(configuration, () => cmdlet.Stopping, out var why);
        if (why?.Code == "Key.Missing" && IsWhatIf)
        {
            var standIn = Guid.NewGuid().ToString("N");
            lease = ClientLease.Take(
                new Configuration(bound, userAgent, standInKey: standIn), () => cmdlet.Stopping, out why);
            LacksKey = lease is not null;
        }
        WhyNobody = why;
        Notes = [configuration.Note, lease?.Note];
        if (lease is null) return;
        Batch = new Batch(lease.Client, throttleLimit, stop);
        if (journal is null) return;
        WhyNobody = Batch.SetJournal(journal);
        if (WhyNobody is null && journal.Missing is { } path)
            Warning = $"There is no journal at '{Redact(path)}' yet, so -Resume knows of no earlier run: nobody is left out.";
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

    internal string Redact(string text) => lease?.Redact(text) ?? WithoutKey(text);

    public void Dispose()
    {
        Batch?.Dispose();
        lease?.Dispose();
    }

    // Where there is no client to do it.
    private static string WithoutKey(string text) =>
        Environment.GetEnvironmentVariable("JCApiKey") is { Length: > 0 } key
        && text.Contains(key, StringComparison.OrdinalIgnoreCase) ? "***" : Utf8.Short(text);
}
