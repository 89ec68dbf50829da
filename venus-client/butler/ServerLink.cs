using AfsLike.Butler;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.ButlerDaemon;

/// <summary>The Butler's session with the server: job messages both ways, and word of each new connection. It holds no promises.</summary>
internal sealed class ServerLink(Action<string> log) : IJobLink, IClientSessionEvents
{
    private ButlerService? _butler;

    public ClientSession? Session { get; private set; }

    public void Attach(ButlerService butler, ClientSession session)
    {
        _butler = butler;
        Session = session;
    }

    public void Send(JobMessage message) => Session?.SendJob(message);

    public void OnJob(JobMessage message) => _butler?.OnMessage(message);

    /// <summary>The session opens when this returns; what was lost meanwhile is said again right after that.</summary>
    public Task OnConnectedAsync(bool promisesKept)
    {
        log("connected to the server");
        _butler?.Strand.Post(static butler => ((ButlerService)butler!).LinkUp(), _butler);
        return Task.CompletedTask;
    }

    public void OnTrustLost() => log("the server does not answer; jobs under way wait for it");

    public Task<BreakAnswer> OnBreakAsync(Break broken) => Task.FromResult(BreakAnswer.None);
}
