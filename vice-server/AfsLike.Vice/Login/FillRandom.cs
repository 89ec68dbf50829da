namespace AfsLike.Vice.Login;

/// <summary>Fills with bytes nobody can guess: the operating system's in the world, a seed's in a simulation.</summary>
public delegate void FillRandom(Span<byte> bytes);
