using AfsLike.Venus.Identity;

namespace AfsLike.Simulation.World;

/// <summary>The logins on a client's disk.</summary>
internal sealed class MemoryLogins : ILoginStore
{
    private IReadOnlyList<StoredLogin> _saved = [];

    public IReadOnlyList<StoredLogin> Load() => _saved;

    public void Save(IReadOnlyList<StoredLogin> logins) => _saved = [.. logins];
}
