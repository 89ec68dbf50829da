using AfsLike.Common.Model;

namespace AfsLike.Simulation.Kernel;

/// <summary>What a system call returns: a value, or why not. A value type instead of an exception, because refusals are the daily bread of a workload.</summary>
internal readonly record struct Answer<T>(AfsError Error, T Value)
{
    public bool IsOk => Error == AfsError.None;

    public static implicit operator Answer<T>(T value) => new(AfsError.None, value);

    public static implicit operator Answer<T>(AfsError error) => new(error, default!);
}

/// <summary>The value of a call that returns none.</summary>
internal readonly record struct Done;
