using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// The proxy that Windows or macOS is set to use, by address or by script. .NET is asked for it on a thread of its own,
/// because a script may take its time.
/// </summary>
internal static class SystemProxy
{
    /// <summary>How often whoever waits looks for a stop.</summary>
    internal const int PollMs = 50;

    // A warm call does not pay for the question, and a computer that is carried into another network is noticed.
    private const int FreshMs = 60_000;

    private static readonly Dictionary<Uri, Question> Questions = new();

    /// <summary>On Linux .NET's default is the environment once more. A test may switch it on there.</summary>
    internal static bool IsAsked { get; set; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();

    /// <summary>The library's own time to connect; a test may shorten it.</summary>
    internal static int PatienceMs { get; set; } = 10_000;

    /// <summary>The proxy, if there is one, and what the verbose stream says.</summary>
    internal sealed record Answer(Uri? Proxy, string? Note);

    private sealed record Question(Task<Answer> Task, long Asked)
    {
        // While it is open, nobody asks a second time or waits for it a second time.
        internal bool Counts => !Task.IsCompleted || Environment.TickCount64 - Asked < FreshMs;
    }

    /// <summary>What is not answered in time counts as no proxy.</summary>
    internal static Answer Of(Uri address, Func<bool> isStopping)
    {
        Question? question;
        lock (Questions)
        {
            if (!Questions.TryGetValue(address, out question) || !question.Counts)
                Questions[address] = question = new Question(
                    // Not on a thread of the pool, which would lack one while a script hangs.
                    Task.Factory.StartNew(() => Ask(address), CancellationToken.None, TaskCreationOptions.LongRunning,
                        TaskScheduler.Default),
                    Environment.TickCount64);
        }
        while (!question.Task.Wait(PollMs))
        {
            if (isStopping()) throw new PipelineStoppedException();
            if (Environment.TickCount64 - question.Asked >= PatienceMs)
                return new Answer(null, $"The system did not say within {PatienceMs / 1000} seconds which proxy "
                    + $"leads to {Shown(address)}, so none is used.");
        }
        return question.Task.Result;
    }

    private static Answer Ask(Uri address)
    {
        try
        {
            // Some name the address itself where there is no proxy.
            return AskDotNet(address) is { } proxy && proxy != address
                ? new Answer(proxy, $"The system's proxy is used, because neither -Proxy nor a variable names one: "
                    + $"{Shown(proxy)}")
                : new Answer(null, null);
        }
        catch (Exception e)
        {
            return new Answer(null, $"The system could not say which proxy leads to {Shown(address)}, so none is used "
                + $"({Utf8.Short(e.Message)}).");
        }
    }

    // Of its own, so that the assembly of HttpClient is loaded for the question only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Uri? AskDotNet(Uri address) =>
        HttpClient.DefaultProxy.IsBypassed(address) ? null : HttpClient.DefaultProxy.GetProxy(address);

    // Without a login.
    private static string Shown(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
