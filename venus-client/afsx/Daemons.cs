using System.CommandLine;
using System.Text;
using AfsLike.Butler.Control;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace AfsLike.Afsx;

/// <summary>The daemons of this host, each by its unix socket. Failures become <see cref="AfsException"/>.</summary>
internal sealed class Daemons : IDisposable
{
    private const string DefaultDirectory = "/var/lib/afslike/client";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private GrpcChannel? _venus;
    private GrpcChannel? _butler;

    public Daemons(ParseResult parsed)
        : this(parsed.GetValue(CommandLine.Directory))
    {
    }

    public Daemons(string? directory)
    {
        ClientDirectory = Path.GetFullPath(directory ?? Environment.GetEnvironmentVariable("AFSX_DIR") ?? DefaultDirectory);
    }

    public string ClientDirectory { get; }

    public string VenusSocket => Path.Combine(ClientDirectory, "run", "venus.sock");

    public string ButlerSocket => Path.Combine(ClientDirectory, "run", "butler.sock");

    public ButlerControl.ButlerControlClient Butler => new(_butler ??= UnixChannel.Open(ButlerSocket));

    public Task<VenusStatus> VenusStatusAsync() => VenusAsync((venus, o) => venus.StatusAsync(new VenusStatusRequest(), o));

    public Task<WhoAmI> WhoAmIAsync() => VenusAsync((venus, o) => venus.GetWhoAmIAsync(new WhoAmIRequest(), o));

    public async Task<Resolved> ResolveAsync(string path)
    {
        var full = Path.GetFullPath(path);
        return await VenusAsync((venus, o) => venus.ResolveAsync(new PathRequest { Path = ByteString.CopyFrom(full, Encoding.UTF8) }, o));
    }

    /// <summary>One call of the session, as the caller's user.</summary>
    public async Task<Reply> ForwardAsync(Request request)
    {
        var reply = await VenusAsync((venus, o) => venus.ForwardAsync(request, o));
        return reply.Error == 0
            ? reply
            : throw new AfsException((AfsError)reply.Error, reply.Detail.Length > 0 ? reply.Detail : ((AfsError)reply.Error).ToString());
    }

    public async Task<T> VenusAsync<T>(Func<VenusControl.VenusControlClient, CallOptions, AsyncUnaryCall<T>> call)
    {
        try
        {
            return await call(new VenusControl.VenusControlClient(_venus ??= UnixChannel.Open(VenusSocket)), Options());
        }
        catch (RpcException failure)
        {
            throw ControlFailure.FromStatus(failure, "venus-client", VenusSocket);
        }
    }

    public async Task<T> ButlerAsync<T>(Func<ButlerControl.ButlerControlClient, CallOptions, AsyncUnaryCall<T>> call)
    {
        try
        {
            return await call(Butler, Options());
        }
        catch (RpcException failure)
        {
            throw ButlerFailure(failure);
        }
    }

    public AfsException ButlerFailure(RpcException failure) => ControlFailure.FromStatus(failure, "butler", ButlerSocket);

    public void Dispose()
    {
        _venus?.Dispose();
        _butler?.Dispose();
    }

    private static CallOptions Options() => new(deadline: DateTime.UtcNow + Patience);
}
