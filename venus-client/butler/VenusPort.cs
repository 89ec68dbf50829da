using AfsLike.Butler.Control;
using AfsLike.Butler.Execution;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace AfsLike.ButlerDaemon;

/// <summary>This host's venus-client, over run/venus.sock. Its status is remembered for a while: mount and cell do not change under it.</summary>
internal sealed class VenusPort(string socketPath, TimeProvider time) : IVenus, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StatusLasts = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel _channel = UnixChannel.Open(socketPath);
    private VenusStatus? _status;
    private long _asked;

    private VenusControl.VenusControlClient Venus => new(_channel);

    public async Task<VenusStatus> StatusAsync()
    {
        if (_status is null || time.GetElapsedTime(_asked) > StatusLasts)
        {
            var status = await CallAsync(options => Venus.StatusAsync(new VenusStatusRequest(), options));
            _asked = time.GetTimestamp();
            _status = status;
        }

        return _status;
    }

    public async Task<TokenReply> GetTokenAsync(uint uid)
    {
        try
        {
            return await CallAsync(options => Venus.GetTokenAsync(new TokenRequest { Uid = uid }, options));
        }
        catch (AfsException nobody) when (nobody.Error == AfsError.NoToken)
        {
            return new TokenReply();
        }
    }

    public async Task PutTokenAsync(uint uid, ReadOnlyMemory<byte> token) =>
        await CallAsync(options => Venus.PutTokenAsync(new TokenPut { Uid = uid, Token = UnsafeByteOperations.UnsafeWrap(token) }, options));

    public void Dispose() => _channel.Dispose();

    private async Task<T> CallAsync<T>(Func<CallOptions, AsyncUnaryCall<T>> call)
    {
        try
        {
            return await call(new CallOptions(deadline: time.GetUtcNow().UtcDateTime + Deadline));
        }
        catch (RpcException failure)
        {
            throw ControlFailure.FromStatus(failure, "venus-client", socketPath);
        }
    }
}
