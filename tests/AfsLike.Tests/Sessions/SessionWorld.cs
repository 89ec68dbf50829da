using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Sessions;

/// <summary>A server and its clients over memory wires, on one clock that only tests move.</summary>
internal sealed class SessionWorld : IDialer
{
    private readonly CancellationTokenSource _stop = new();
    private CancellationTokenSource _clientStop = new();
    private MemoryWire? _wire;

    public SessionWorld(params (string Host, ulong Instance)[] remembered)
        : this(new SessionSettings(), remembered)
    {
    }

    /// <param name="atServer">The client always has the defaults.</param>
    public SessionWorld(SessionSettings atServer, params (string Host, ulong Instance)[] remembered)
    {
        Time.AutoAdvanceAmount = TimeSpan.Zero;
        Server = new ServerSide();
        Table = new SessionTable("test.cell", 7, Server, atServer, Time);
        Client = new ClientSide();
        Session = NewSession();
        foreach (var (host, instance) in remembered)
        {
            Table.Recall(host, instance, SessionRole.Venus);
        }
    }

    public FakeTimeProvider Time { get; } = new();

    public SessionSettings Settings { get; } = new();

    public Strand Strand { get; } = new();

    public ServerSide Server { get; }

    public SessionTable Table { get; }

    public ClientSide Client { get; }

    public ClientSession Session { get; private set; }

    /// <summary>False: dialling fails, as with a cable pulled.</summary>
    public bool Reachable { get; set; } = true;

    /// <summary>What stands between the client and the wires dialled from now on.</summary>
    public Func<IMessageChannel, IMessageChannel> Through { get; set; } = static wire => wire;

    public int Dials { get; private set; }

    public MemoryWire Wire => _wire!;

    public ServerSession ServerSession => Table.Sessions.Single(session => session.Instance == 42);

    public void Start() => _ = Strand.InvokeAsync(async () =>
    {
        _ = Table.RunAsync(_stop.Token);
        await Session.RunAsync(_clientStop.Token);
    });

    /// <summary>The client is killed, and started again: it has forgotten all it asked.</summary>
    public void StartClientAgain()
    {
        _clientStop.Cancel();
        Time.Advance(TimeSpan.FromMilliseconds(10));
        Session = NewSession();
        _clientStop = new CancellationTokenSource();
        _ = Strand.InvokeAsync(() => Session.RunAsync(_clientStop.Token));
    }

    public Task<T> On<T>(Func<Task<T>> work) => Strand.InvokeAsync(work);

    public Task<T> Read<T>(Func<T> look) => Strand.InvokeAsync(() => Task.FromResult(look()));

    public Task<Reply> CallAsync(ulong fid) => On(() => Session.CallAsync(
        new Request { Status = new StatusCall { Fid = new Fid(1, fid).ToWire() } }, CancellationToken.None));

    /// <summary>Moves the clock in small steps until the condition holds; fails after <paramref name="most"/> of simulated time.</summary>
    public async Task UntilAsync(Func<bool> condition, TimeSpan? most = null)
    {
        var end = Time.GetUtcNow() + (most ?? TimeSpan.FromSeconds(60));
        while (!await SettledAsync(condition))
        {
            Assert.True(Time.GetUtcNow() < end, "the condition did not come to hold in time");
            Time.Advance(TimeSpan.FromMilliseconds(50));
        }
    }

    public async Task AdvanceAsync(TimeSpan span)
    {
        for (var end = Time.GetUtcNow() + span; Time.GetUtcNow() < end;)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await SettledAsync(() => false);
        }
    }

    public Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        Dials++;
        if (!Reachable)
        {
            throw new ChannelClosedException("cable pulled");
        }

        _wire = new MemoryWire("c1");
        _ = Table.ServeAsync(_wire.Server);
        return Task.FromResult(Through(_wire.Client));
    }

    public void Stop()
    {
        _stop.Cancel();
        _clientStop.Cancel();
    }

    private ClientSession NewSession() => Client.Session = new ClientSession(
        new Hello { Role = SessionRole.Venus, Instance = 42, System = "test" }, this, Client, Settings, Time);

    /// <summary>Lets everything that can run without the clock run; true as soon as the condition holds.</summary>
    private async Task<bool> SettledAsync(Func<bool> condition)
    {
        for (var turn = 0; turn < 20; turn++)
        {
            if (await Read(condition))
            {
                return true;
            }

            await Task.Yield();
        }

        return false;
    }

    internal sealed class ServerSide : IServerSessionEvents
    {
        public Func<ServerSession, Request, Task<Reply>> Handler { get; set; } = static (_, _) => Task.FromResult(new Reply());

        public List<string> Told { get; } = [];

        public Task<Reply> HandleAsync(ServerSession session, Request request) => Handler(session, request);

        public void OnLocksReturned(ServerSession session, LocksReturned returned) => Told.Add("locks returned");

        public void OnJob(ServerSession session, JobMessage message) => Told.Add("job " + message.Job);

        public void OnConnected(ServerSession session) => Told.Add("connected");

        public void OnDisconnected(ServerSession session) => Told.Add("disconnected");

        public void OnExpired(ServerSession session) => Told.Add("expired");

        public Task RememberAsync(ServerSession session)
        {
            Told.Add("remembered");
            return Task.CompletedTask;
        }

        public void OnLowWater(ServerSession session, ulong lowWater)
        {
        }
    }

    internal sealed class ClientSide : IClientSessionEvents
    {
        public ClientSession? Session { get; set; }

        public List<string> Told { get; } = [];

        public Func<Break, Task<IReadOnlyList<Fid>>> OnBreak { get; set; } = static _ => Task.FromResult<IReadOnlyList<Fid>>([]);

        public IReadOnlyList<Fid> GivenUp { get; set; } = [];

        public Func<Task> Revalidate { get; set; } = static () => Task.CompletedTask;

        public async Task<BreakAnswer> OnBreakAsync(Break broken)
        {
            Told.Add($"break {broken.Sequence}");
            return new BreakAnswer(await OnBreak(broken), GivenUp);
        }

        public async Task OnConnectedAsync(bool promisesKept)
        {
            Told.Add(promisesKept ? "connected, kept" : "connected, not kept");
            if (!promisesKept)
            {
                await Revalidate();
            }
        }

        public void OnTrustLost() => Told.Add("trust lost");

        public void OnJob(JobMessage message) => Told.Add("job " + message.Job);
    }
}
