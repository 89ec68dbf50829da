[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace AfsLike.Conformance.Harness;

/// <summary>One cell of a server and two clients for all tests that leave it as they found it.</summary>
public sealed class SharedCell : IAsyncLifetime
{
    public Cell Cell { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cell = await Cell.UpAsync(clients: 2);

    public ValueTask DisposeAsync() => Cell?.DisposeAsync() ?? default;
}

/// <summary>A cell with a lease of 3 seconds, for tests that cut, freeze and kill. Each of them heals it again.</summary>
public sealed class FragileCell : IAsyncLifetime
{
    public Cell Cell { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cell = await Cell.UpAsync(clients: 2, lease: 3);

    public ValueTask DisposeAsync() => Cell?.DisposeAsync() ?? default;
}

[CollectionDefinition(Name)]
public sealed class InSharedCell : ICollectionFixture<SharedCell>
{
    public const string Name = "a cell of two clients";
}

[CollectionDefinition(Name)]
public sealed class InFragileCell : ICollectionFixture<FragileCell>
{
    public const string Name = "a cell of two clients with a short lease";
}
