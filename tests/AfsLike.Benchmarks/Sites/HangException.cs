namespace AfsLike.Benchmarks.Sites;

/// <summary>Work that was ended because it did not end by itself: what it was done on is not to be used further.</summary>
internal sealed class HangException(string message) : BenchException(message);
