// Resets one user, then the users of a file, several at once.
//
//     Reset ID FILE             the file has one id a line; the key is in JCApiKey
//     Reset --name NAME FILE    with usernames or e-mail addresses in place of the ids
//
// With --journal JOURNAL before them the run keeps a journal. After Ctrl+C or a crash the same command with --resume goes
// on: whoever was reset, or may have been, is not sent. Look up those who may have been, then --resume --retry-unknown
// sends them again.
//
// Exit status: 0 if all were reset, 1 if not, 2 for a wrong call or configuration, 130 after Ctrl+C.
// Loads the library from the path in JCSDK_LIBRARY, else from where .NET looks for native libraries.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace JumpCloud;

internal static class Native
{
    internal const int Ok = 0, Timeout = 5, Full = 6, End = 7, Closed = 8;
    internal const int ExclusionUnset = -1;
    internal const long UntilUnset = long.MinValue;
    internal const uint ByName = 2;
    internal const uint JournalResume = 1, JournalRetryUnknown = 2;

    static Native() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, assembly, path) =>
        Environment.GetEnvironmentVariable("JCSDK_LIBRARY") is { Length: > 0 } file ? NativeLibrary.Load(file) : IntPtr.Zero);

    [StructLayout(LayoutKind.Sequential)]
    internal struct Buffer
    {
        private IntPtr ptr;
        private nuint len;
        private nuint cap;

        /// Returns the document in the buffer, and frees the buffer.
        internal Result Take()
        {
            try { return new Result(JsonDocument.Parse(Marshal.PtrToStringUTF8(ptr, (int)len)).RootElement); }
            finally { jc_buf_free(ref this); }
        }
    }

    [DllImport("jcsdk")] internal static extern void jc_buf_free(ref Buffer buffer);
    [DllImport("jcsdk")] internal static extern OptionsHandle jc_options_new();
    [DllImport("jcsdk")] internal static extern void jc_options_free(IntPtr options);
    [DllImport("jcsdk")] internal static extern int jc_options_set_env(OptionsHandle options, byte[] name, byte[] value);
    [DllImport("jcsdk")] internal static extern int jc_client_new(OptionsHandle options, out ClientHandle client, ref Buffer error);
    [DllImport("jcsdk")] internal static extern int jc_client_reset_system_user_mfa(ClientHandle client, byte[] id, int exclusion, long until, uint flags, ref Buffer result);
    [DllImport("jcsdk")] internal static extern void jc_client_free(IntPtr client);
    [DllImport("jcsdk")] internal static extern int jc_batch_new(ClientHandle client, uint throttleLimit, out BatchHandle batch);
    [DllImport("jcsdk")] internal static extern int jc_batch_set_journal(BatchHandle batch, byte[] path, uint flags, ref Buffer error);
    [DllImport("jcsdk")] internal static extern int jc_batch_push(BatchHandle batch, byte[] id, int exclusion, long until, uint flags, ulong tag);
    [DllImport("jcsdk")] internal static extern int jc_batch_next(BatchHandle batch, uint timeoutMs, ref Buffer result);
    [DllImport("jcsdk")] internal static extern int jc_batch_close(BatchHandle batch);
    [DllImport("jcsdk")] internal static extern int jc_batch_cancel(BatchHandle batch);
    [DllImport("jcsdk")] internal static extern void jc_batch_free(IntPtr batch);

    /// Text as the library takes it. C text ends at a NUL, and an id that is cut there may be that of another user.
    internal static byte[] Utf8(string text) => text.Contains('\0')
        ? throw new ArgumentException("the text must not contain a NUL")
        : new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text + '\0');
}

internal abstract class JcHandle : SafeHandle
{
    protected JcHandle() : base(IntPtr.Zero, ownsHandle: true) { }
    public override bool IsInvalid => handle == IntPtr.Zero;
}

internal sealed class OptionsHandle : JcHandle
{
    protected override bool ReleaseHandle() { Native.jc_options_free(handle); return true; }
}

internal sealed class ClientHandle : JcHandle
{
    protected override bool ReleaseHandle() { Native.jc_client_free(handle); return true; }
}

internal sealed class BatchHandle : JcHandle
{
    protected override bool ReleaseHandle() { Native.jc_batch_free(handle); return true; }
}

/// The result of one user's reset.
public sealed class Result
{
    private readonly JsonElement document;
    internal Result(JsonElement document) => this.document = document;
    private string Text(string name) => document.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    public string Outcome => Text("outcome");
    public string Message => $"{Text("message")} {Text("hint")}";
}

/// Resume: goes on with the run that the journal is of. RetryUnknown: sends again who may have been reset.
public sealed record Journal(string Path, bool Resume, bool RetryUnknown);

public sealed class Client : IDisposable
{
    private const uint AtOnce = 8;
    private readonly ClientHandle client;

    public Client()
    {
        using var options = Native.jc_options_new();
        // On Linux and macOS, native code does not see environment variables that a .NET program has set itself.
        foreach (var name in new[] { "JCApiKey", "JCOrgId", "JCEnvironment", "JCApiUrl", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE" })
            if (Environment.GetEnvironmentVariable(name) is { } value)
                Native.jc_options_set_env(options, Native.Utf8(name), Native.Utf8(value));
        var error = new Native.Buffer();
        if (Native.jc_client_new(options, out client, ref error) != Native.Ok)
            throw new InvalidOperationException(error.Take().Message);
    }

    /// The user is given by id, or by username or e-mail address.
    public Result Reset(string user, bool byName = false)
    {
        var result = new Native.Buffer();
        Native.jc_client_reset_system_user_mfa(client, Native.Utf8(user), Native.ExclusionUnset, Native.UntilUnset, byName ? Native.ByName : 0, ref result);
        return result.Take();
    }

    /// Returns the results in the order of the users. After a stop, only users who were pushed before have one. The
    /// journal may be null.
    public IEnumerable<Result> ResetAll(IEnumerable<string> all, bool byName, Journal journal, CancellationToken stop)
    {
        Native.jc_batch_new(client, AtOnce, out var batch);
        using (batch)
        using (stop.Register(() => Native.jc_batch_cancel(batch)))
        using (var users = all.GetEnumerator())
        {
            var result = new Native.Buffer();
            if (journal is not null)
            {
                var flags = (journal.Resume ? Native.JournalResume : 0) | (journal.RetryUnknown ? Native.JournalRetryUnknown : 0);
                if (Native.jc_batch_set_journal(batch, Native.Utf8(journal.Path), flags, ref result) != Native.Ok)
                    throw new InvalidOperationException(result.Take().Message);
            }
            for (var more = users.MoveNext(); ;)
            {
                while (more && !stop.IsCancellationRequested)
                {
                    var user = Native.Utf8(users.Current);
                    var pushed = Native.jc_batch_push(batch, user, Native.ExclusionUnset, Native.UntilUnset, byName ? Native.ByName : 0, 0);
                    if (pushed == Native.Full) break;
                    if (pushed is not (Native.Ok or Native.Closed)) throw new InvalidOperationException($"jc_batch_push returned {pushed}.");
                    more = users.MoveNext();
                }
                if (!more) Native.jc_batch_close(batch);
                var status = Native.jc_batch_next(batch, uint.MaxValue, ref result);
                if (status == Native.End) yield break;
                if (status != Native.Timeout) yield return result.Take();
            }
        }
    }

    public void Dispose() => client.Dispose();
}

public static class Program
{
    public static int Main(string[] arguments)
    {
        bool byName = false, resume = false, retryUnknown = false;
        string path = null;
        for (; arguments is [['-', '-', ..], ..]; arguments = arguments[1..])
        {
            switch (arguments)
            {
                case ["--name", ..]: byName = true; break;
                case ["--journal", not ['-', ..], ..]: path = arguments[1]; arguments = arguments[1..]; break;
                case ["--journal", ..]: return Usage("--journal needs the path of the journal");
                case ["--resume", ..]: resume = true; break;
                case ["--retry-unknown", ..]: retryUnknown = true; break;
                default: return Usage("there is no such option");
            }
        }
        if (retryUnknown && !resume) return Usage("--retry-unknown needs --resume");
        if (resume && path is null) return Usage("--resume needs --journal");
        if (arguments.Length != 2) return Usage("a user and a file of users are needed");
        var journal = path is null ? null : new Journal(path, resume, retryUnknown);
        var counts = new[] { "reset", "refused", "unknown", "cancelled", "invalid" }.ToDictionary(outcome => outcome, _ => 0);
        void Tell(Result result)
        {
            counts[result.Outcome]++;
            if (result.Outcome != "reset") Console.Error.WriteLine($"\r{result.Message}");
            Console.Error.Write($"\r{counts.Values.Sum()} done");
        }

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true; // go on, to report the results of the batch
            stop.Cancel();
        });
        try
        {
            using var client = new Client();
            var users = File.ReadLines(arguments[1]).Select(line => line.Trim()).Where(line => line.Length > 0);
            if (journal is null) Tell(client.Reset(arguments[0], byName));
            else users = users.Prepend(arguments[0]); // only a batch has a journal
            foreach (var result in client.ResetAll(users, byName, journal, stop.Token)) Tell(result);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or ArgumentException)
        {
            Console.Error.WriteLine(error.Message);
            return 2;
        }
        Console.WriteLine("\n" + string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}")));
        if (stop.IsCancellationRequested) return 130;
        return counts.Values.Sum() > counts["reset"] ? 1 : 0;
    }

    private static int Usage(string why)
    {
        Console.Error.WriteLine($"{why}\nusage: Reset [--name] [--journal JOURNAL [--resume [--retry-unknown]]] USER FILE");
        return 2;
    }
}
