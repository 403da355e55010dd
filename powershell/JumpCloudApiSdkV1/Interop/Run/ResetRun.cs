using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Threading;
using JumpCloudApiSdkV1.Models;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// One call of the command: users on their way through a batch, in input order. It writes to the streams itself, so
/// that the function has no loop: a loop would catch the caller's break and continue.
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
    private readonly Sender sender;
    private readonly bool errorsEndIt, adviceIsShown;
    private readonly CancellationToken stop;
    private readonly Reporter reporter;
    private readonly WaitMeter waitMeter = new();
    private readonly bool showsProgress, isVerbose;

    private readonly Queue<ResetRequest> waiting = new();
    private ResetRequest? unsent, lastDone;
    private bool closing, isOwnError, isOver, isFinished;
    private int seen;

    private ResetRun(PSCmdlet cmdlet, ActionPreference errorPreference, ActionPreference progressPreference,
        ActionPreference verbosePreference)
    {
        this.cmdlet = cmdlet;
        errorsEndIt = errorPreference == ActionPreference.Stop;
        adviceIsShown = Advice.IsShown(cmdlet);
        showsProgress = IsShown(progressPreference);
        stop = usesStopToken ? Engine.StopToken(cmdlet) : CancellationToken.None;
        sender = new Sender(cmdlet, stop);
        Engine.WhenDisposed(cmdlet, Finish);

        var bound = cmdlet.MyInvocation.BoundParameters;
        reader = new InputReader(bound, sender.Redact);
        isVerbose = IsShown(verbosePreference);
        reporter = new Reporter(
            isDetailed: bound.IsGiven("Detailed"),
            passThru: bound.IsGiven("PassThru") && !sender.IsWhatIf,
            isVerbose,
            hasJournal: sender.HasJournal && !sender.IsWhatIf,
            progress: cmdlet.MyInvocation.ExpectingInput && showsProgress ? new ProgressMeter() : null);
        if (isVerbose)
            foreach (var note in sender.Notes)
                if (note is not null) cmdlet.WriteVerbose(note);
        if (sender.LacksKey)
            cmdlet.WriteWarning("No API key is configured, so without -WhatIf nobody would be reset. "
                + "Set $env:JCApiKey to an administrator's API key, or give -ApiKey.");
        if (sender.Warning is { } warning) cmdlet.WriteWarning(warning);
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
    public Exception? Process(string id, string username, IJumpCloudApIsIdentity? input,
        IBodyParameterSystemUserMfaResetRequestBody? body) => Guard(() =>
    {
        var request = reader.Read(cmdlet.ParameterSetName, id, username, input, body);
        request.Number = ++seen;
        request.IsPiped = reader.UsersArePiped(cmdlet.ParameterSetName);
        Judge(request);
        Offer(request);
        while (Step()) { }
    });

    /// <summary>All input is there: writes all that is still to come.</summary>
    public Exception? End() => Guard(() =>
    {
        closing = true;
        sender.Batch?.Close();
        while (Step()) { }
        isOver = true;
        foreach (var warning in reporter.ClosingWarnings()) cmdlet.WriteWarning(warning);
        // The progress comes last, because its preference may end the command.
        if (reporter.ClosingProgress() is { } progress) cmdlet.WriteProgress(progress);
    });

    /// <summary>
    /// Gives everything back. When the command was broken off it warns of what became of those of whom nobody was told.
    /// </summary>
    public void Finish()
    {
        if (isFinished) return;
        isFinished = true;
        string? warning;
        try { warning = BreakOff(lastDone, waiting, evenIfAllAreTold: !isOver); }
        finally { sender.Dispose(); }
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
    private bool MayBeStopping =>
        cmdlet.Stopping || stop.IsCancellationRequested || (closing && !stop.CanBeCanceled && !isOwnError);

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

    // Whether it would be sent, and what is told of it before anyone is asked.
    private void Judge(ResetRequest request)
    {
        if (sender.WhyNobody is { } why)
        {
            request.Settle(why.Copy());
            reporter.Stop(why.Code);
            return;
        }
        if (request.IsPiped && request.IsNobody) request.Place = seen;
        if (!request.IsPiped && reporter.StoppedBy is null) sender.SendAgain();
        if (request.Preview(sender.Batch!) is { } result)
        {
            if (request.IsEveryones(result)) reporter.Stop(result.Code);
            // Otherwise it is pushed, so that the journal has it as well.
            if (sender.IsWhatIf) request.Settle(result);
        }
        else if (isVerbose)
            foreach (var line in request.Verbose) cmdlet.WriteVerbose(line);
    }

    // Takes a user whom nobody objects to, or who is not to be sent.
    private void Offer(ResetRequest request)
    {
        try
        {
            if (request.IsReady && (!cmdlet.ShouldProcess(request.Target, request.Action) || sender.IsWhatIf)) return;
        }
        // A stop, also one at the prompt, and the like are not for us to keep.
        catch (Exception e) when (e is HostException and not PromptingException
            or not (RuntimeException or FlowControlException))
        {
            cmdlet.ThrowTerminatingError(Failure.NobodyToAsk(cmdlet, request.Shown, e));
        }
        waiting.Enqueue(request);
        if (request.Result is null) unsent = request;
    }

    // Moves on by at most 50 ms. True when it has to step again before more input may come.
    private bool Step()
    {
        if (cmdlet.Stopping) throw new PipelineStoppedException();
        if (unsent is not null && unsent.Push(sender.Batch!)) unsent = null;
        if (!waiting.TryPeek(out var head)) return false;
        if (head.Result is null && head != unsent)
        {
            var mustWait = closing || !sender.SendsSideBySide || !head.IsPiped || unsent is not null
                || waiting.Count > MostWaiting;
            if (sender.Batch!.Next(mustWait ? PollMs : 0) is not { } result)
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
        var (verbose, progress) = waitMeter.Look(sender.Batch!.HeldBack());
        if (verbose is not null && isVerbose) cmdlet.WriteVerbose(verbose);
        if (progress is not null && showsProgress) cmdlet.WriteProgress(progress);
    }

    // First what became of the user, then what may fail after it. The request leaves the queue when this has been told:
    // also by a write that the pipeline after it has ended, but not by one that was stopped, or that the host did not
    // carry out.
    private void Write(ResetRequest request)
    {
        var report = reporter.Report(request.Result!, closing ? seen : null);
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
        if (!sender.HasSent || sender.Batch is not { } batch) return null;
        batch.Cancel();
        foreach (var request in untold.Where(request => request.IsPushed && request.Result is null))
        {
            if (batch.Next(DrainMs) is not { } result) break;
            request.Settle(result);
        }
        var brokenOff = new BrokenOff(last, untold, seen, sender.HasJournal);
        return brokenOff.NamesSomebody || evenIfAllAreTold ? brokenOff.ToString() : null;
    }

    private static bool IsCallersThrow(Exception e) => e is RuntimeException { WasThrownFromThrowStatement: true };

    private static bool IsShown(ActionPreference preference) =>
        preference is not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);
}
