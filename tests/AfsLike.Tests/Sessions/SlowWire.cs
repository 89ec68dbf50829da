using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Tests.Sessions;

/// <summary>A channel whose next batch is not taken before the test says so, and which remembers the batches taken.</summary>
internal sealed class SlowWire(IMessageChannel inner) : IMessageChannel
{
    private TaskCompletionSource _gate = Open();

    public string PeerHost => inner.PeerHost;

    /// <summary>Taken, oldest first.</summary>
    public List<Batch> Sent { get; } = [];

    /// <summary>A batch is being held.</summary>
    public bool IsHolding { get; private set; }

    public void Hold() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _gate.TrySetResult();

    public async Task SendAsync(ReadOnlyMemory<byte> message)
    {
        IsHolding = !_gate.Task.IsCompleted;
        await _gate.Task;
        IsHolding = false;
        Sent.Add(Batch.Parser.ParseFrom(message.Span));
        await inner.SendAsync(message);
    }

    public Task<ReadOnlyMemory<byte>?> ReceiveAsync() => inner.ReceiveAsync();

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }
}
