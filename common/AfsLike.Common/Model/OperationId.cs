namespace AfsLike.Common.Model;

/// <summary>
/// Numbers one mutation for ever: the client's instance and a number that is the same when the client asks again. The server
/// applies it once and answers every repetition with the first answer (promise D2).
/// </summary>
public readonly record struct OperationId(ulong Instance, ulong Number)
{
    public override string ToString() => $"{Instance:x}/{Number}";
}
