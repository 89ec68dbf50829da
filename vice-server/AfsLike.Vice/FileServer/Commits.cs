using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// The life of a change, the same for all of them:
/// <list type="number">
/// <item>The caller's promises on what it touches are registered: the statuses in the reply come under them.</item>
/// <item>The volume takes hold of the vnodes, asks whether the caller may, and commits, together with the bytes of the reply. It is durable.</item>
/// <item>At once, in the order of commits, the breaks for everybody else are put on their streams. The vnodes are free: whoever reads
/// them now sees the new state, under promises of its own.</item>
/// <item>Nobody is answered before every holder has acknowledged or its lease is over (promise C1), and, after a restart of the server, before no
/// promise of its former life can be trusted any more (RULES.md 5).</item>
/// </list>
/// <para>
/// <b>Once.</b> A client that lost its connection asks again, with the same number. While the first application still waits for
/// acknowledgements the repetition waits with it; later the volume gives the remembered bytes. Either way the answer is marked as history:
/// since it was made others may have changed the same vnodes, and told nobody who held no promise, so it promises nothing.
/// After a restart there is nothing left to wait for but the grace: whoever should have heard a break that was lost has to revalidate.
/// </para>
/// </summary>
/// <param name="grace">Completed once the grace after the server's start is over.</param>
public sealed class Commits(PromiseKeeper promises, Func<Task> grace)
{
    private readonly Dictionary<OperationId, Task<Reply>> _underWay = [];
    private readonly Dictionary<Fid, Task> _removals = [];

    /// <summary>Changes whose replies wait, for acknowledgements for the most part.</summary>
    public int UnderWay => _underWay.Count;

    /// <param name="touched">Vnodes known beforehand whose statuses the reply will carry.</param>
    /// <param name="answer">Makes the reply. Reads nothing that the change itself brings about.</param>
    public async Task<Reply> RunAsync(Call call, Volume volume, IReadOnlyList<VnodeId> touched, Mutation mutation, Func<Applied, Reply> answer)
    {
        if (await RepeatedAsync(call, volume) is { } before)
        {
            return before;
        }

        var first = ApplyAsync(call, volume, touched, mutation with { Operation = call.Operation }, answer);
        _underWay.Add(call.Operation, first);
        try
        {
            return await first;
        }
        finally
        {
            _underWay.Remove(call.Operation);
        }
    }

    /// <summary>
    /// The answer of the first application when the call is a repetition, else null. For calls that must look at something which the first
    /// application used up, before <see cref="RunAsync"/> looks by itself.
    /// </summary>
    public async Task<Reply?> RepeatedAsync(Call call, Volume volume)
    {
        if (_underWay.TryGetValue(call.Operation, out var first))
        {
            var reply = (await first).Clone();
            reply.History = true;
            return reply;
        }

        return volume.Remembered(call.Operation) is { } bytes ? await HistoryAsync(bytes) : null;
    }

    private async Task<Reply> ApplyAsync(Call call, Volume volume, IReadOnlyList<VnodeId> touched, Mutation mutation, Func<Applied, Reply> answer)
    {
        foreach (var vnode in touched)
        {
            promises.Register(call.Client, new Fid(volume.Id, vnode));
        }

        Reply? reply = null;
        var applied = await volume.ApplyAsync(mutation with { Remember = made => (reply = answer(made)).ToByteArray() });
        if (applied.Repeated is { } bytes)
        {
            return await HistoryAsync(bytes);
        }

        reply ??= answer(applied);
        KeepPromises(call.Client, applied);
        await SettleAsync(call.Client, volume, applied);
        await grace();
        return reply;
    }

    /// <summary>
    /// Completes when it is known and noted who has a vnode open that is losing its last name. Who has acknowledged and closes it at once would else be noted after that, for good.
    /// </summary>
    public Task RemovedAsync(Fid fid) => _removals.GetValueOrDefault(fid) ?? Task.CompletedTask;

    /// <summary>Everybody has heard, and who has what open is noted.</summary>
    private async Task SettleAsync(Client client, Volume volume, Applied applied)
    {
        var removed = applied.Changes.Where(static change => change.Removed).Select(change => new Fid(volume.Id, change.Vnode)).ToList();
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        removed.ForEach(fid => _removals[fid] = settled.Task);
        try
        {
            await promises.BreakAsync(client, volume.Id, applied, (instance, fid) => removed.Contains(fid) ? volume.KeepOrphanAsync(fid.Vnode, instance) : Task.CompletedTask);
        }
        finally
        {
            removed.ForEach(fid => _removals.Remove(fid));
            settled.SetResult();
        }
    }

    /// <summary>
    /// Again, now that it is committed: somebody else's change may have consumed them while this one waited for the vnodes. Nothing has been
    /// awaited since the commit came back, so no later change has sent its breaks yet.
    /// </summary>
    private void KeepPromises(Client client, Applied applied)
    {
        foreach (var status in new[] { applied.Subject, applied.Directory, applied.OtherDirectory, applied.Replaced })
        {
            if (status is not null)
            {
                promises.Register(client, status.Fid);
            }
        }
    }

    private async Task<Reply> HistoryAsync(byte[] bytes)
    {
        var reply = Reply.Parser.ParseFrom(bytes);
        reply.History = true;
        await grace();
        return reply;
    }
}
