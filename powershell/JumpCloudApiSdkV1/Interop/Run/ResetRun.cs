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
/// One call of the command: a client, a batch on it, and the users on their way through it in input order. It writes to
/// the streams itself, so that the function has no loop: a loop would catch the caller's break and continue.
/// </summary>
public sealed class ResetRun
{
    // Short, so that a stop is seen where the shell has no stop token.
    private const uint PollMs = 50;

    // After a cancellation the results are there at once.
    private const uint DrainMs = 1000;

    // Results that wait for a slow user before them, so that they come in order.
    private const int MostWaiting = 1024;

    // A test may switch it off, to run as in a shell before 7.6.
    private static bool usesStopToken = true;

    private readonly PSCmdlet cmdlet;
    private readonly InputReader reader;
    private readonly ClientLease? lease;
    private readonly ResetResult? noClient;
    private readonly uint throttleLimit;
    private readonly bool errorsEndIt, adviceIsShown;
    private readonly bool isDryRun; // with a stand-in for the key
    private readonly CancellationToken stop;
    private readonly Reporter reporter;
    private readonly WaitMeter waitMeter = new();
    private readonly bool showsProgress;

    private readonly Queue<ResetRequest> waiting = new();
    // Who was sent, and whether he was reset or may have been.
    private readonly Dictionary<string, bool> sentUsers = new(StringComparer.Ordinal);
    private Batch? batch;
    private ResetRequest? unsent, lastDone;
    private bool closing, isOwnError, isOver, isFinished;
    private int seen;

    private ResetRun(PSCmdlet cmdlet, ActionPreference errorPreference, ActionPreference progressPreference,
        ActionPreference verbosePreference)
    {
        this.cmdlet = cmdlet;
        var bound = cmdlet.MyInvocation.BoundParameters;
        reader = new InputReader(bound, Shown);
        throttleLimit = bound.TryGetValue("ThrottleLimit", out var limit) ? (uint)(int)limit : 1;
        errorsEndIt = errorPreference == ActionPreference.Stop;
        adviceIsShown = Advice.IsShown(cmdlet);
        showsProgress = IsShown(progressPreference);
        stop = usesStopToken ? StopToken(cmdlet) : CancellationToken.None;
        reporter = new Reporter
        {
            Detailed = IsGiven("Detailed"),
            PassThru = IsGiven("PassThru"),
            IsVerbose = IsShown(verbosePreference),
            Progress = cmdlet.MyInvocation.ExpectingInput && showsProgress ? new ProgressMeter() : null,
        };

        var shell = (cmdlet.GetVariableValue("PSVersionTable") as Hashtable)?["PSVersion"];
        var version = typeof(ResetRun).Assembly.GetName().Version!.ToString(3);
        var userAgent = $"JumpCloudApiSdkV1/{version} PowerShell/{shell}";
        var configuration = new Configuration(bound, userAgent);
        var fault = configuration.Fault;
        if (bound.ContainsKey("ExclusionUntil") && bound.ContainsKey("ExclusionDays"))
            fault = new Fault("Argument.Invalid", "-ExclusionUntil and -ExclusionDays cannot both be given");
        if (fault is null) lease = ClientLease.Take(configuration, () => cmdlet.Stopping, out noClient);
        else
        {
            noClient = fault.ToResult("", name => name);
            configuration.Dispose();
        }
        var whatIf = bound.TryGetValue("WhatIf", out var given) ? given : cmdlet.GetVariableValue("WhatIfPreference");
        if (noClient?.Code == "Key.Missing" && LanguagePrimitives.IsTrue(whatIf))
        {
            var standIn = Guid.NewGuid().ToString("N");
            lease = ClientLease.Take(new Configuration(bound, userAgent, standInKey: standIn), () => cmdlet.Stopping,
                out noClient);
            isDryRun = lease is not null;
        }
        FinishWhenDisposed();
        if (reporter.IsVerbose && configuration.Note is { } note) cmdlet.WriteVerbose(note);
        if (reporter.IsVerbose && lease?.Note is { } proxy) cmdlet.WriteVerbose(proxy);
        if (isDryRun)
            cmdlet.WriteWarning("No API key is configured, so without -WhatIf nobody would be reset. "
                + "Set $env:JCApiKey to an administrator's API key, or give -ApiKey.");

        bool IsGiven(string name) => bound.TryGetValue(name, out var value) && ((SwitchParameter)value).IsPresent;
    }

    /// <summary>Begins a call. What keeps it from beginning ends the command.</summary>
    public static ResetRun? Begin(PSCmdlet cmdlet, ActionPreference errorPreference,
        ActionPreference progressPreference, ActionPreference verbosePreference)
    {
        try { return new ResetRun(cmdlet, errorPreference, progressPreference, verbosePreference); }
        // What a warning or a verbose line ends, as -WarningAction Stop does, has been told already.
        catch (Exception e) when (e is not (FlowControlException or PipelineStoppedException))
        {
            cmdlet.ThrowTerminatingError(Failure.From(cmdlet, e));
            return null;
        }
    }

    /// <summary>
    /// Takes the user that came in, and writes what there is to write before the next one may come. What the script
    /// block after the command has thrown is returned: thrown from here it would reach the caller as the exception of a
    /// method call.
    /// </summary>
    public Exception? Process(string id, IJumpCloudApIsIdentity? input,
        IBodyParameterSystemUserMfaResetRequestBody? body) => Guard(() =>
    {
        var request = Read(id, input, body);
        if (reporter.IsVerbose)
            foreach (var line in request.Verbose) cmdlet.WriteVerbose(line);
        Offer(request);
        while (Step()) { }
    });

    /// <summary>All input is there: writes all that is still to come.</summary>
    public Exception? End() => Guard(() =>
    {
        closing = true;
        batch?.Close();
        while (Step()) { }
        isOver = true;
        // The progress comes last, because its preference may end the command.
        if (reporter.ClosingWarning() is { } warning) cmdlet.WriteWarning(warning);
        if (reporter.ClosingProgress() is { } progress) cmdlet.WriteProgress(progress);
    });

    /// <summary>
    /// Gives everything back. When the command was broken off it warns of what became of those of whom nobody was told.
    /// </summary>
    public void Finish()
    {
        if (isFinished) return;
        isFinished = true;
        string? warning = null;
        try
        {
            if (batch is not null) warning = BreakOff(lastDone, waiting, evenIfAllAreTold: !isOver);
        }
        finally
        {
            batch?.Dispose();
            lease?.Dispose();
        }
        if (warning is null) return;
        try { cmdlet.WriteWarning(warning); }
        // The warnings lead into a pipeline that has ended, as those of 3>&1 | Select-Object -First 1 do; or nothing
        // can be written any more.
        catch (Exception)
        {
            try { cmdlet.Host?.UI?.WriteWarningLine(warning); }
            catch (Exception) { /* There is nobody left to tell. */ }
        }
    }

    // PowerShell 7.4 was seen to say false in the end block also during a stop. Without a stop token what ends a write
    // there may be one: a user who is named once more than needed is better than one who is lost.
    private bool MayBeStopping => cmdlet.Stopping || (closing && !stop.CanBeCanceled && !isOwnError);

    // Runs what writes. Whatever ends it, the caller sees what he would see behind a compiled cmdlet.
    private Exception? Guard(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
        {
            // A stop is not ours: then the whole is told. What else ends the command has been told by its own error.
            isOver = e is not PipelineStoppedException || !MayBeStopping;
            if (IsCallersThrow(e)) return e;
            if (e is FlowControlException or PipelineStoppedException) throw;
            cmdlet.ThrowTerminatingError(Failure.From(cmdlet, e));
            throw;
        }
    }

    private ResetRequest Read(string id, IJumpCloudApIsIdentity? input,
        IBodyParameterSystemUserMfaResetRequestBody? body)
    {
        seen++;
        var request = reader.Read(cmdlet.ParameterSetName, id, input, body);
        request.Number = seen;
        var arePiped = request.IsPiped = reader.UsersArePiped(cmdlet.ParameterSetName);
        var faultIsEveryones = request.FaultIsEveryones;
        if (lease is not null && arePiped && string.IsNullOrWhiteSpace(request.UserId)) request.Place = seen;
        if (arePiped && request.Fault is null && sentUsers.ContainsKey(SameUser(request.UserId)))
            request.SettleDuplicate();
        else if (reporter.StoppedBy is not null) request.SettleNotTried(reporter.StoppedBy);
        else if (lease is null)
        {
            request.Settle(noClient!);
            faultIsEveryones = true;
        }
        else if (request.Fault is { } fault) request.Settle(fault.ToResult(request.ShownId, lease.Redact));
        else
        {
            request.Preview(lease.Client);
            faultIsEveryones = request.UntilIsNamed
                && request.Result?.Code?.StartsWith("ExclusionUntil.", StringComparison.Ordinal) == true;
        }
        if (faultIsEveryones) reporter.Stop(request.Result?.Code);
        return request;
    }

    // Takes a user whom nobody objects to, or whose result already stands.
    private void Offer(ResetRequest request)
    {
        try
        {
            if (request.IsReady && !cmdlet.ShouldProcess(request.Target, request.Action)) return;
        }
        // A stop, also one at the prompt, and the like are not for us to keep.
        catch (Exception e) when (e is HostException and not PromptingException
            or not (RuntimeException or FlowControlException))
        {
            cmdlet.ThrowTerminatingError(Failure.NobodyToAsk(cmdlet, request.ShownId, e));
        }
        if (isDryRun && request.Result is null) return;
        waiting.Enqueue(request);
        if (request.Result is null) unsent = request;
    }

    // Moves on by at most 50 ms. True when it has to step again before more input may come.
    private bool Step()
    {
        if (cmdlet.Stopping) throw new PipelineStoppedException();
        if (unsent is not null) Push(unsent);
        if (!waiting.TryPeek(out var head)) return false;
        if (head.Result is null && head != unsent)
        {
            var mustWait = closing || throttleLimit == 1 || !head.IsPiped || unsent is not null
                || waiting.Count > MostWaiting;
            if (batch!.Next(mustWait ? PollMs : 0) is not { } result)
            {
                if (mustWait) TellOfWait();
                return mustWait;
            }
            head.Settle(result);
        }
        if (head.Result is null) return true;
        Write(head);
        if (waitMeter.IsShown) TellOfWait();
        return waiting.Count > 0;
    }

    // Whoever is on his way is named at the end, if the preference of one of these streams ends the command.
    private void TellOfWait()
    {
        var (verbose, progress) = waitMeter.Look(batch!.HeldBack());
        if (verbose is not null && reporter.IsVerbose) cmdlet.WriteVerbose(verbose);
        if (progress is not null && showsProgress) cmdlet.WriteProgress(progress);
    }

    // First what became of the user, then what may fail after it. The request leaves the queue when this has been told:
    // also by a write that the pipeline after it has ended, but not by one that was stopped, or that the host did not
    // carry out.
    private void Write(ResetRequest request)
    {
        var sameUserMayBeReset = sentUsers.GetValueOrDefault(SameUser(request.UserId));
        if (request.IsSent) sentUsers[SameUser(request.UserId)] = request.Result!.Outcome is "reset" or "unknown";
        var report = reporter.Report(request, closing ? seen : null, sameUserMayBeReset);
        string? others = null;
        try
        {
            if (report.Output is not null) cmdlet.WriteObject(report.Output);
            if (report.Error is not null)
            {
                isOwnError = errorsEndIt;
                if (errorsEndIt) others = BreakOff(request, waiting.Skip(1));
                cmdlet.WriteError(report.Error.ToErrorRecord(others, adviceIsShown));
            }
        }
        catch (Exception e)
        {
            if (IsCallersThrow(e) || e is FlowControlException || (e is PipelineStoppedException && !MayBeStopping))
            {
                Done();
                if (others is not null) waiting.Clear();
            }
            throw;
        }
        Done();
        if (report.Warning is not null) cmdlet.WriteWarning(report.Warning);
        if (report.Verbose is not null) cmdlet.WriteVerbose(report.Verbose);
        if (report.Progress is not null) cmdlet.WriteProgress(report.Progress);

        void Done() => lastDone = waiting.Dequeue();
    }

    // Sends nothing more, and says what became of those of whom nobody has been told.
    private string? BreakOff(ResetRequest? last, IEnumerable<ResetRequest> untold, bool evenIfAllAreTold = false)
    {
        if (batch is null) return null;
        batch.Cancel();
        foreach (var request in untold.Where(request => request.IsSent && request.Result is null))
        {
            if (batch.Next(DrainMs) is not { } result) break;
            request.Settle(result);
        }
        var brokenOff = new BrokenOff(last, untold, seen);
        return brokenOff.NamesSomebody || evenIfAllAreTold ? brokenOff.ToString() : null;
    }

    private void Push(ResetRequest request)
    {
        // The user is named, and bodies are piped: each is to be sent. A batch would send the user once.
        if (!request.IsPiped && waiting.Count == 1)
        {
            batch?.Dispose();
            batch = null;
        }
        if (batch is null)
        {
            batch = new Batch(lease!.Client, throttleLimit, stop);
            if (closing) batch.Close();
        }
        var status = batch.Push(request);
        if (status == Native.Full) return;
        unsent = null;
        if (status == Native.Ok)
        {
            request.IsSent = sentUsers[SameUser(request.UserId)] = true;
            return;
        }
        // It was well a moment ago: a date may have passed since, while a prompt stood open.
        if (status != Native.Closed) request.Preview(lease!.Client);
        if (request.Result is null) request.SettleNotTried(reporter.StoppedBy);
    }

    private string Shown(string id) => lease?.Redact(id) ?? WithoutKey(id);

    // Where there is no client to do it.
    private static string WithoutKey(string id) =>
        Environment.GetEnvironmentVariable("JCApiKey") is { Length: > 0 } key
        && id.Contains(key, StringComparison.OrdinalIgnoreCase) ? "***" : Utf8.Short(id);

    // The API's own ids are hexadecimal numbers.
    private static string SameUser(string id) => Record.IsApiId(id) ? id.ToLowerInvariant() : id;

    private static bool IsCallersThrow(Exception e) => e is RuntimeException { WasThrownFromThrowStatement: true };

    private static bool IsShown(ActionPreference preference) =>
        preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    // A steppable pipeline that is disposed without its end, as by an older proxy function, runs no clean block; only
    // this event of the engine's own says so. Where it is missing, the handles are freed when they are collected.
    private void FinishWhenDisposed() =>
        cmdlet.GetType().GetEvent("DisposingEvent", BindingFlags.NonPublic | BindingFlags.Instance)
            ?.GetAddMethod(nonPublic: true)
            ?.Invoke(cmdlet, [new EventHandler((_, _) => Finish())]);

    // PowerShell 7.6 has it; the references for 7.4 have not.
    private static CancellationToken StopToken(PSCmdlet cmdlet) =>
        cmdlet.GetType().GetProperty("PipelineStopToken", BindingFlags.Public | BindingFlags.Instance)
            ?.GetValue(cmdlet) is CancellationToken token
            ? token : CancellationToken.None;
}
