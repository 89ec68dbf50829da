using System.Runtime.InteropServices;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Wire;
using Google.Protobuf;
using Grpc.Core;

namespace AfsLike.Afsx.Verbs;

/// <summary>
/// This process as the terminal of a job: its stdin, its stdout and stderr, and the signals it gets, until the Butler says how
/// the command ended. Ends with 125 when that was not seen, whatever came before.
/// </summary>
internal sealed class RunClient(Daemons daemons, RunStart start, bool noInput) : IDisposable
{
    private const int BrokenPipe = 128 + 13;
    private const int InputPiece = 64 * 1024;

    private readonly SemaphoreSlim _writing = new(1);

    public void Dispose() => _writing.Dispose();

    public async Task<int> RunAsync()
    {
        using var call = daemons.Butler.Run();
        using var interrupt = Forward(call, PosixSignal.SIGINT, SignalNumber.Interrupt);
        using var terminate = Forward(call, PosixSignal.SIGTERM, SignalNumber.Terminate);
        using var hangup = Forward(call, PosixSignal.SIGHUP, SignalNumber.Hangup);
        using var quit = Forward(call, PosixSignal.SIGQUIT, SignalNumber.Quit);
        try
        {
            await call.RequestStream.WriteAsync(new RunInput { Start = start });
            SendInputAsync(call);
            return await ReceiveAsync(call);
        }
        catch (RpcException failure)
        {
            return CommandLine.Fail(daemons.ButlerFailure(failure).Message, (int)ExitCode.NotRun);
        }
        catch (IOException)
        {
            return BrokenPipe; // nobody reads our output; leaving hangs up on the command
        }
    }

    private static async Task<int> ReceiveAsync(AsyncDuplexStreamingCall<RunInput, RunOutput> call)
    {
        using var output = Console.OpenStandardOutput();
        using var error = Console.OpenStandardError();
        while (await call.ResponseStream.MoveNext())
        {
            var message = call.ResponseStream.Current;
            switch (message.BodyCase)
            {
                case RunOutput.BodyOneofCase.Stdout:
                    output.Write(message.Stdout.Span);
                    break;
                case RunOutput.BodyOneofCase.Stderr:
                    error.Write(message.Stderr.Span);
                    break;
                case RunOutput.BodyOneofCase.End:
                    return message.End.Reason.Length > 0
                        ? CommandLine.Fail(message.End.Reason, (int)message.End.ExitCode)
                        : (int)message.End.ExitCode;
            }
        }

        return CommandLine.Fail("the butler of this host ended while the job ran; see `afsx ps --all`", (int)ExitCode.NotRun);
    }

    /// <summary>
    /// On a thread of its own, because a read of a terminal cannot be taken back; the process ends without it. The Butler holds
    /// our writes up when the command does not read.
    /// </summary>
    private void SendInputAsync(AsyncDuplexStreamingCall<RunInput, RunOutput> call)
    {
        var reader = new Thread(() =>
        {
            if (!noInput)
            {
                using var input = Console.OpenStandardInput();
                var buffer = new byte[InputPiece];
                int count;
                while ((count = ReadSome(input, buffer)) > 0)
                {
                    if (!SendAsync(call, new RunInput { Stdin = ByteString.CopyFrom(buffer, 0, count) }).GetAwaiter().GetResult())
                    {
                        return;
                    }
                }
            }

            SendAsync(call, new RunInput { StdinEnd = true }).GetAwaiter().GetResult();
        })
        {
            IsBackground = true,
        };
        reader.Start();
    }

    private static int ReadSome(Stream input, byte[] buffer)
    {
        try
        {
            return input.Read(buffer);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return 0; // a closed or unreadable stdin is an empty one
        }
    }

    private PosixSignalRegistration Forward(AsyncDuplexStreamingCall<RunInput, RunOutput> call, PosixSignal signal, uint number) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _ = SendAsync(call, new RunInput { Signal = number });
        });

    /// <summary>False when the call has ended; why is told by its responses.</summary>
    private async Task<bool> SendAsync(AsyncDuplexStreamingCall<RunInput, RunOutput> call, RunInput message)
    {
        await _writing.WaitAsync();
        try
        {
            await call.RequestStream.WriteAsync(message);
            return true;
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException or OperationCanceledException or IOException)
        {
            return false;
        }
        finally
        {
            _writing.Release();
        }
    }
}
