using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// Vnodes without names that some process of the cell still has open (RULES.md 19). Who removes the last name says whether it is open with him;
/// the others say so when they acknowledge the break. Each client's claim ends when it says it has closed the file, or <see cref="Recovery"/>
/// after its lease has ended without its coming back.
/// </summary>
public sealed class Orphans(VolumeSet volumes, TimeProvider time, Action<string> log)
{
    /// <summary>How long a client that is gone may find its nameless files again.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromHours(1);

    private readonly Dictionary<ulong, CancellationTokenSource> _goneSince = [];

    public void ClientIsBack(ulong instance)
    {
        if (_goneSince.Remove(instance, out var waiting))
        {
            waiting.Cancel();
            waiting.Dispose();
        }
    }

    /// <summary>Its lease is over.</summary>
    public async Task ClientIsGoneAsync(ulong instance)
    {
        ClientIsBack(instance);
        using var back = new CancellationTokenSource();
        _goneSince.Add(instance, back);
        try
        {
            await Task.Delay(Recovery, time, back.Token);
        }
        catch (OperationCanceledException)
        {
            return; // it came back
        }

        _goneSince.Remove(instance);
        foreach (var volume in volumes.All)
        {
            try
            {
                await volume.DropOrphansAsync(instance);
            }
            catch (AfsException failure)
            {
                log($"volume {volume.Name}: the orphans of client {instance:x} stay: {failure.Message}");
            }
        }
    }
}
