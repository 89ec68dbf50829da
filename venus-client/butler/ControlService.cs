using System.Net.Sockets;
using AfsLike.Butler;
using AfsLike.Butler.Control;
using AfsLike.Butler.Execution;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;

namespace AfsLike.ButlerDaemon;

/// <summary>run/butler.sock: what afsx asks. The kernel says who the caller is (SO_PEERCRED). All work is done on the Butler's strand.</summary>
internal sealed class ControlService(ButlerService butler, ServerLink link, ClientConfiguration configuration) : ButlerControl.ButlerControlBase
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    /// <summary>Failures before the start are told as the job's end, with 125: afsx has one place for them.</summary>
    public override Task Run(IAsyncStreamReader<RunInput> requestStream, IServerStreamWriter<RunOutput> responseStream, ServerCallContext context) =>
        butler.Strand.InvokeAsync(async () =>
        {
            try
            {
                if (!await requestStream.MoveNext() || requestStream.Current.Start is not { } start)
                {
                    throw new AfsException(AfsError.Protocol, "a run begins with its start");
                }

                var run = await butler.StartAsync(start, Caller(context));
                await using var gone = context.CancellationToken.UnsafeRegister(
                    _ => butler.Strand.Post(static state => ((HomeRun)state!).CallerGone(), run), null);
                TakeInputAsync(run, requestStream);
                await GiveOutputAsync(run, responseStream);
            }
            catch (AfsException failure)
            {
                await responseStream.WriteAsync(new RunOutput { End = new RunEnd { ExitCode = ExitCode.NotRun, Reason = failure.Message } });
            }
        });

    public override Task<KillReply> Kill(KillRequest request, ServerCallContext context) => butler.Strand.InvokeAsync(async () =>
    {
        try
        {
            await butler.KillAsync(request.Job, request.Signal, Caller(context));
            return new KillReply();
        }
        catch (AfsException failure)
        {
            throw ControlFailure.ToStatus(failure);
        }
    });

    public override Task<ButlerStatus> Status(ButlerStatusRequest request, ServerCallContext context) => butler.Strand.InvokeAsync(() =>
        Task.FromResult(new ButlerStatus
        {
            Host = configuration.Host,
            Connected = link.Session?.IsConnected == true,
            Running = (uint)butler.Running,
            Pid = (uint)Environment.ProcessId,
        }));

    private static async Task GiveOutputAsync(HomeRun run, IServerStreamWriter<RunOutput> responses)
    {
        try
        {
            RunOutput output;
            do
            {
                output = await run.NextAsync();
                await responses.WriteAsync(output);
                run.Taken(output);
            }
            while (output.BodyCase != RunOutput.BodyOneofCase.End);
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException or OperationCanceledException or RpcException)
        {
            run.CallerGone();
        }
    }

    /// <summary>Until the caller says no more or is gone. After the end has been told, its going means nothing.</summary>
    private static async void TakeInputAsync(HomeRun run, IAsyncStreamReader<RunInput> requests)
    {
        try
        {
            while (await requests.MoveNext())
            {
                switch (requests.Current.BodyCase)
                {
                    case RunInput.BodyOneofCase.Stdin:
                        await run.StdinAsync(requests.Current.Stdin);
                        break;
                    case RunInput.BodyOneofCase.StdinEnd:
                        run.StdinEnd();
                        break;
                    case RunInput.BodyOneofCase.Signal when requests.Current.Signal is > 0 and <= SignalNumber.Last:
                        run.Signal(requests.Current.Signal);
                        break;
                }
            }

            run.StdinEnd();
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException or OperationCanceledException or RpcException)
        {
            run.CallerGone();
        }
    }

    /// <summary>struct ucred: pid, uid, gid.</summary>
    private static uint Caller(ServerCallContext context)
    {
        var socket = context.GetHttpContext().Features.Get<IConnectionSocketFeature>()?.Socket
            ?? throw new AfsException(AfsError.Internal, "the caller has no socket");
        Span<byte> credentials = stackalloc byte[12];
        return socket.AddressFamily == AddressFamily.Unix && socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == 12
            ? BitConverter.ToUInt32(credentials[4..8])
            : throw new AfsException(AfsError.Internal, "the kernel does not say who the caller is");
    }
}
