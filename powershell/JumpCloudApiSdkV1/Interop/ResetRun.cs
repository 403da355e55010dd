using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Reflection;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// One call of the command: a client, a batch on it, and the users on their way through it in input order.
/// The function adds users and steps; what a step brings goes to the streams.
/// </summary>
public sealed class ResetRun
{
    // Short, so that a stop is seen where the shell has no stop token.
    private const uint PollMs = 50;

    // Results that wait for a slow user before them, so that they come in order.
    private const int MostWaiting = 1024;

    private readonly InputReader reader;
    private readonly ClientLease? lease;
    private readonly ResetResult? noClient;
    private readonly uint throttleLimit;
    private readonly bool isDryRun; // its key is a stand-in
    private readonly CancellationToken stop;
    private readonly Reporter reporter;

    private readonly Queue<ResetRequest> waiting = new();
    private readonly HashSet<string> handedOver = new(StringComparer.Ordinal);
    private BatchHandle? batch;
    private CancellationTokenRegistration onStop;
    private ResetRequest? unsent;
    private bool closing, isReady;
    private int seen;

    public ResetRun(PSCmdlet cmdlet, ActionPreference progressPreference, ActionPreference verbosePreference)
    {
        var bound = cmdlet.MyInvocation.BoundParameters;
        reader = new InputReader(bound);
        throttleLimit = bound.TryGetValue("ThrottleLimit", out var limit) ? (uint)(int)limit : 1;
        stop = StopToken(cmdlet);
        reporter = new Reporter
        {
            Detailed = IsGiven("Detailed"),
            PassThru = IsGiven("PassThru"),
            IsVerbose = IsShown(verbosePreference),
            AdviceIsShown = Advice.IsShown(cmdlet),
            Progress = cmdlet.MyInvocation.ExpectingInput && IsShown(progressPreference) ? new ProgressMeter() : null,
        };

        var userAgent = $"JumpCloudApiSdkV1/{typeof(ResetRun).Assembly.GetName().Version!.ToString(3)} PowerShell/{(cmdlet.GetVariableValue("PSVersionTable") as Hashtable)?["PSVersion"]}";
        var configuration = new Configuration(bound, userAgent);
        if (IsVerbose && configuration.Note is { } note) cmdlet.WriteVerbose(note);
        var fault = configuration.Fault;
        if (bound.ContainsKey("ExclusionUntil") && bound.ContainsKey("ExclusionDays"))
            fault = new Fault("Argument.Invalid", "-ExclusionUntil and -ExclusionDays cannot both be given");
        if (fault is null) lease = ClientLease.Take(configuration, out noClient);
        else
        {
            noClient = fault.ToResult("", name => name);
            configuration.Dispose();
        }
        if (noClient?.Code == "Key.Missing" && LanguagePrimitives.IsTrue(bound.TryGetValue("WhatIf", out var whatIf) ? whatIf : cmdlet.GetVariableValue("WhatIfPreference")))
        {
            lease = ClientLease.Take(new Configuration(bound, userAgent, standInKey: Guid.NewGuid().ToString("N")), out noClient);
            isDryRun = true;
            if (lease is not null) cmdlet.WriteWarning("No API key is configured, so without -WhatIf nobody would be reset. Set $env:JCApiKey to an administrator's API key, or give -ApiKey.");
        }

        bool IsGiven(string name) => bound.TryGetValue(name, out var given) && ((SwitchParameter)given).IsPresent;
    }

    /// <summary>Whether it is worth making lines for the verbose stream.</summary>
    public bool IsVerbose => reporter.IsVerbose;

    public ResetRequest Read(string parameterSet, string id, IJumpCloudApIsIdentity? input, IBodyParameterSystemUserMfaResetRequestBody? body)
    {
        seen++;
        var request = reader.Read(parameterSet, id, input, body);
        var arePiped = reader.UsersArePiped(parameterSet);
        var faultIsEveryones = request.FaultIsEveryones;
        request.ShownId = lease?.Redact(request.UserId) ?? WithoutKey(request.UserId);
        if (lease is not null && arePiped && string.IsNullOrWhiteSpace(request.UserId)) request.Place = seen;
        if (reporter.StoppedBy is not null) request.SettleNotTried(reporter.StoppedBy);
        else if (lease is null)
        {
            request.Settle(noClient!);
            faultIsEveryones = true;
        }
        else if (request.Fault is { } fault) request.Settle(fault.ToResult(request.ShownId, lease.Redact));
        else if (arePiped && handedOver.Contains(SameUser(request.UserId))) request.SettleDuplicate();
        else
        {
            request.Preview(lease.Client);
            faultIsEveryones = request.UntilIsNamed && request.Result?.Code?.StartsWith("ExclusionUntil.", StringComparison.Ordinal) == true;
        }
        if (faultIsEveryones) reporter.Stop(request.Result?.Code);
        return request;
    }

    /// <summary>
    /// Takes a user whom nobody objects to, or whose result already stands. Where nobody could be asked, the error that
    /// ends the command: returned and not thrown, because what a script catches stands in $Error a second time.
    /// </summary>
    public ErrorRecord? Offer(PSCmdlet cmdlet, ResetRequest request)
    {
        var (target, action) = (request.Target, request.Action);
        try
        {
            if (request.IsReady && !cmdlet.ShouldProcess(target, action)) return null;
        }
        // A stop, also one at the prompt, and the like are not for us to keep.
        catch (Exception e) when (e is HostException and not PromptingException or not (RuntimeException or FlowControlException))
        {
            return Failure.NobodyToAsk(cmdlet, request.ShownId, e);
        }
        if (isDryRun && request.Result is null) return null;
        waiting.Enqueue(request);
        if (request.Result is not null) return null;
        handedOver.Add(SameUser(request.UserId));
        unsent = request;
        return null;
    }

    /// <summary>All input is there.</summary>
    public void Close()
    {
        closing = true;
        if (batch is not null) Native.jc_batch_close(batch);
    }

    /// <summary>Moves on by at most 50 ms. True when the function has to step again before it takes more input.</summary>
    public bool Step()
    {
        if (unsent is not null) Push(unsent);
        if (waiting.Count == 0) return false;

        var head = waiting.Peek();
        if (head.Result is null && head != unsent)
        {
            var mustWait = closing || throttleLimit == 1 || unsent is not null || waiting.Count > MostWaiting;
            if (Next(mustWait ? PollMs : 0) is not { } result) return mustWait;
            head.Settle(result);
        }
        isReady = head.Result is not null;
        return !isReady || waiting.Count > 1;
    }

    /// <summary>What the last step brought, or null. After a stop nothing can be shown any more: then it is left to <see cref="Finish"/>.</summary>
    public ResetReport? TakeReport()
    {
        if (!isReady || stop.IsCancellationRequested) return null;
        isReady = false;
        return reporter.Report(waiting.Dequeue(), closing ? seen : null);
    }

    /// <summary>What is to be said when all results are out.</summary>
    public string? ClosingWarning() => reporter.ClosingWarning();

    public ProgressRecord? ClosingProgress() => reporter.ClosingProgress();

    /// <summary>Gives everything back. After a stop it warns of what became of the users whose results nobody has seen.</summary>
    public void Finish(PSCmdlet cmdlet)
    {
        string? warning = null;
        // First: it waits for a cancellation that is just running.
        onStop.Dispose();
        if (batch is not null)
        {
            if (waiting.Count > 0) warning = Cancel();
            batch.Dispose();
        }
        lease?.Dispose();
        if (warning is null) return;
        try { cmdlet.WriteWarning(warning); }
        // The warnings lead into a pipeline that has ended, as those of 3>&1 | Select-Object -First 1 do.
        catch (Exception e) when (e is PipelineStoppedException or FlowControlException) { cmdlet.Host.UI?.WriteWarningLine(warning); }
    }

    // One warning for both: where warnings stop the command, a second one would be lost.
    private string? Cancel()
    {
        Native.jc_batch_cancel(batch!);
        foreach (var request in waiting.Where(r => r.Result is null && r != unsent))
            if (Next(PollMs) is { } result) request.Settle(result);

        var unknown = Ids(r => r.Result?.Outcome == "unknown" || (r.Result is null && r != unsent));
        var reset = Ids(r => r.Result?.IsReset == true);
        return unknown.Length + reset.Length == 0 ? null
            : "Stopped."
                + (unknown.Length == 0 ? "" : $" It is not known whether these users were reset: {unknown}.")
                + (reset.Length == 0 ? "" : $" These were reset as well, though their results were not shown: {reset}.");

        string Ids(Func<ResetRequest, bool> which) => string.Join(", ", waiting.Where(which).Select(r => r.ShownId));
    }

    private void Push(ResetRequest request)
    {
        if (batch is null)
        {
            var made = Native.jc_batch_new(lease!.Client, throttleLimit, out var opened);
            batch = made == Native.Ok ? opened : throw new InvalidOperationException($"The native library made no batch (status {made}).");
            if (closing) Native.jc_batch_close(batch);
            onStop = stop.Register(() => Native.jc_batch_cancel(opened));
        }
        var status = request.Push(batch, (ulong)seen);
        if (status == Native.Full) return;
        unsent = null;
        if (status == Native.Ok) return;
        // It was well a moment ago: a date may have passed since, while a prompt stood open.
        if (status != Native.Closed) request.Preview(lease!.Client);
        if (request.Result is null) request.SettleNotTried(reporter.StoppedBy);
    }

    private ResetResult? Next(uint timeoutMs)
    {
        var buffer = new Native.Buffer();
        var status = Native.jc_batch_next(batch!, timeoutMs, ref buffer);
        var document = buffer.Take();
        if (status == Native.Timeout) return null;
        return document.Length > 0
            ? ResetResult.FromJson(document)
            : throw new InvalidOperationException($"The native library gave no result (status {status}).");
    }

    // Where there is no client to do it.
    private static string WithoutKey(string id) =>
        Environment.GetEnvironmentVariable("JCApiKey") is { Length: > 0 } key && id.Contains(key, StringComparison.OrdinalIgnoreCase) ? "***" : Utf8.Short(id);

    // The API's own ids are hexadecimal numbers.
    private static string SameUser(string id) => Record.IsApiId(id) ? id.ToLowerInvariant() : id;

    private static bool IsShown(ActionPreference preference) => preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    // PowerShell 7.6 has it; the references for 7.4 have not.
    private static CancellationToken StopToken(PSCmdlet cmdlet) =>
        cmdlet.GetType().GetProperty("PipelineStopToken", BindingFlags.Public | BindingFlags.Instance)?.GetValue(cmdlet) is CancellationToken token
            ? token : CancellationToken.None;
}
